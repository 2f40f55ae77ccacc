"""Prompts of an evaluation set: what is asked, with the answer of the file as the expected one."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import IO

from tuning.datasets.convert.command import Command
from tuning.datasets.convert.conversation import (
    Conversation,
    ReadRecord,
    Reasoning,
    Text,
    Turn,
)
from tuning.datasets.same import asked
from tuning.errors import TuningError
from tuning.evaluation.records import EvaluationPrompt, Message

_ID_DIGITS = 32


class NotAPromptError(TuningError):
    """A record of which no evaluation can be made. The message says the line and why."""


def prompts_in(stream: IO[bytes], *, name: str, base_model: str) -> list[EvaluationPrompt]:
    """Those of a file in the format of a model. Raises NotAPromptError with the first record that is none."""
    command = Command(path=name, options=(("--model", base_model),))
    return list(evaluation_prompts(command.conversion(stream, name=name).records()))


def evaluation_prompts(records: Iterable[tuple[int, ReadRecord]]) -> Iterator[EvaluationPrompt]:
    """A prompt for each record, which comes with its line. Raises NotAPromptError with the first that is none."""
    for line, record in records:
        yield _prompt(line, record)


def _prompt(line: int, record: ReadRecord) -> EvaluationPrompt:
    if not isinstance(record, Conversation):
        raise NotAPromptError(
            f"line {line}: it asks nothing; an evaluation needs questions and answers"
        )
    if record.tools:
        raise NotAPromptError(
            f"line {line}: it names tools; answers with tools cannot be compared yet"
        )
    *turns, last = record.turns or (None,)
    if last is None or last.role != "assistant" or not turns:
        raise NotAPromptError(
            f"line {line}: it does not end with the answer to a question; add the expected answer"
        )
    messages = tuple(Message(role=turn.role, text=_text(line, turn)) for turn in turns if turn)
    expected = _text(line, last)
    if not expected.strip():
        raise NotAPromptError(f"line {line}: its answer is empty; add the expected answer")
    pieces = (*record.system, *(message.text for message in messages))
    return EvaluationPrompt(
        id=hashlib.sha256(asked(pieces)).hexdigest()[:_ID_DIGITS],
        line=line,
        system=record.system,
        messages=messages,
        expected=expected,
    )


def _text(line: int, turn: Turn) -> str:
    """What is said in a turn; reasoning is not part of an answer."""
    said = []
    for block in turn.blocks:
        match block:
            case Text():
                said.append(block.text)
            case Reasoning():
                pass
            case _:
                kind = type(block).__name__
                raise NotAPromptError(
                    f"line {line}: it holds more than text ({kind}); only text can be evaluated yet"
                )
    return "\n".join(said)
