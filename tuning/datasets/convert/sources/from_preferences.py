"""Preference data (DPO, KTO): which of two answers is better, or whether an answer is good.

No method of Amazon Bedrock takes it. The preferred side alone makes a fine-tuning set.
"""

import re
from dataclasses import replace
from typing import Literal

from tuning.datasets.convert.conversation import Conversation, ReadRecord, Text, Turn
from tuning.datasets.convert.detect import MARKS, PAIRS
from tuning.datasets.convert.sources import from_flat_fields as pairs
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_openai import dialogue, read_openai_chat
from tuning.datasets.convert.sources.from_sharegpt import sharegpt

_TRANSCRIPT = re.compile(r"\n\n(Human|Assistant):")
"""Of Anthropic's HH-RLHF: https://github.com/anthropics/hh-rlhf"""
_LIKED = ("true", "1", "1.0")


def preferred(
    record: Fields, *, keep: Literal["chosen"] | None, why: str | None
) -> ReadRecord | None:
    """The preferred side; None for an answer that was not liked. Refuses when no side was chosen."""
    if keep is None:
        refuse(
            "CV211",
            f"preference data ({why or 'said so'}): no method of Amazon Bedrock takes it",
            "Make a fine-tuning set of the preferred answers with --keep chosen; the others are left "
            "out, and nothing is learned from them.",
            options=(("--keep", "chosen"),),
        )
    for better, worse in PAIRS:
        if better in record or worse in record:
            return _better(record, better, worse)
    for mark in sorted(MARKS):
        if mark in record:
            return _liked(record, mark)
    return pairs.read_prompt_completion(record)


def _liked(record: Fields, mark: str) -> ReadRecord | None:
    if str(record.value(mark)).lower() not in _LIKED:
        record.changed("answers that are not liked left out")
        return None
    record.changed("mark of liked answers left out")
    if "messages" in record:
        return read_openai_chat(record)
    if "conversations" in record:
        return sharegpt(record)
    return pairs.alpaca(record) if "instruction" in record else pairs.read_prompt_completion(record)


def _better(record: Fields, better: str, worse: str) -> Conversation:
    if worse in record:
        record.value(worse)
        record.changed(f"answers left out: {worse}")
    if record.peek("messages") == record.peek(better):
        record.maybe("messages")
    answer = _answer(record, better)
    if answer.turns[0].role == "assistant":
        before = _before(record)
        talk = replace(before, turns=(*before.turns, *answer.turns))
    else:  # the whole dialogue is there, with the question at its head, often once more beside it
        if record.peek("prompt") == _said(answer.turns[0]):
            record.maybe("prompt")
        talk = answer
    return replace(talk, extras={**talk.extras, **record.rest()})


def _said(turn: Turn) -> str:
    return "".join(block.text for block in turn.blocks if isinstance(block, Text))


def _answer(record: Fields, name: str) -> Conversation:
    """The preferred side, as it is written: a text, a transcript, messages, or one message."""
    value = record.peek(name)
    if isinstance(value, str):
        text = record.text(name)
        if parts := _TRANSCRIPT.split(text)[1:]:
            said = zip(parts[::2], parts[1::2], strict=True)
            return Conversation(turns=tuple(_turn(who, text.strip()) for who, text in said))
        return Conversation(turns=(_turn("Assistant", text),))
    messages = [record.inner(name)] if isinstance(value, dict) else list(record.each(name))
    if messages and "from" in messages[0]:
        talk = {"conversations": value if isinstance(value, list) else [value]}
        return sharegpt(Fields(talk, "", record.account))
    if not messages:
        refuse("CV206", "there is no turn", "Write the answer, or leave the record out.", name)
    system, turns = dialogue(messages)
    return Conversation(system=tuple(system), turns=tuple(turns))


def _before(record: Fields) -> Conversation:
    """What was asked, where it is beside the answers."""
    # OpenAI: https://platform.openai.com/docs/guides/direct-preference-optimization
    if isinstance(record.peek("input"), dict):
        talk = read_openai_chat(record.inner("input"))
        return replace(talk, extras={f"input.{name}": value for name, value in talk.extras.items()})
    if "conversations" in record:
        return sharegpt(record)
    if "messages" in record:
        return read_openai_chat(record)
    return pairs.alpaca(record) if "instruction" in record else pairs.read_prompt_completion(record)


def _turn(who: str, text: str) -> Turn:
    return Turn(role="user" if who == "Human" else "assistant", blocks=(Text(text=text),))
