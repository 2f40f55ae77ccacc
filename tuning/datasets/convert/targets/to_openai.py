"""OpenAI chat messages, as reinforcement fine-tuning reads them.

https://docs.aws.amazon.com/bedrock/latest/userguide/reinforcement-fine-tuning.html
"""

import json
from collections.abc import Iterator
from typing import Any

from tuning.datasets.convert.conversation import (
    Conversation,
    Json,
    Media,
    ReadRecord,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.conversion_refusals import Option
from tuning.datasets.convert.sources.fields import refuse
from tuning.datasets.convert.suggestions import spelt
from tuning.datasets.convert.targets.soundness import conversation, single
from tuning.datasets.convert.targets.writing import Writing

_OWN = ("messages", "tools", "tool_choice")


def write_openai_chat(record: ReadRecord, to: Writing) -> dict[str, Json]:
    talk = conversation(record, to)
    if to.target.prompts_only and talk.turns[-1].role == "assistant":
        refuse(
            "CV310",
            f"the dialogue ends with the answer; {to.target.reader} finds its own, and would read "
            "this one with the question",
            f"Give the answer to the grader: {spelt(_graded(talk))}; or leave it out."
            if talk.answer_in != "messages"
            else "Move the answer to a field that the grader reads, such as reference_answer.",
            options=_graded(talk),
        )
    for name in _OWN:
        if name in talk.extras:
            drop = (("--drop", name),)
            refuse("CV203", f"{name!r} is here already", f"Drop it: --drop {name}.", name, drop)
    extras = dict(talk.extras)
    written: dict[str, Json] = {"id": extras.pop("id")} if "id" in extras else {}
    written["messages"] = list(_messages(talk, to))
    if talk.tools:
        written["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    **({"description": tool.description} if tool.description else {}),
                    "parameters": tool.schema,
                },
            }
            for tool in talk.tools
        ]
    if talk.tool_choice:
        written["tool_choice"] = _choice(talk.tool_choice)
    return written | extras


def _graded(talk: Conversation) -> tuple[Option, ...]:
    """The option that gives the answer to the grader, where it is a field of its own."""
    if talk.answer_in == "messages":
        return ()
    return (("--map", f"reference_answer={talk.answer_in}"),)


def _messages(talk: Conversation, to: Writing) -> Iterator[dict[str, Json]]:
    if to.target.plain and talk.system:
        system = single(list(talk.system), "the system text", to)
        yield {"role": "system", "content": system}
    else:
        for text in talk.system:
            yield {"role": "system", "content": text}
    for number, turn in enumerate(talk.turns, 1):
        if turn.role == "assistant":
            yield _assistant(turn, number, to)
        else:
            yield from _user(turn, number, to)


def _assistant(turn: Turn, number: int, to: Writing) -> dict[str, Json]:
    ranks = [_RANK[type(block)] for block in turn.blocks]
    if ranks != sorted(ranks) or ranks.count(0) > 1:
        _unsayable(number, "reasoning once, then text, then tool calls")
    message: dict[str, Json] = {"role": "assistant"}
    thoughts = [block for block in turn.blocks if isinstance(block, Reasoning)]
    for thought in thoughts:
        if thought.signature:
            _unsayable(number, "reasoning without a signature")
        message["reasoning_content"] = thought.text
    texts = tuple(block for block in turn.blocks if isinstance(block, Text))
    message["content"] = _content(texts, to) if texts else None
    if calls := [_call(block) for block in turn.blocks if isinstance(block, ToolCall)]:
        message["tool_calls"] = calls
    elif not texts:
        _unsayable(number, "a text or a tool call beside the reasoning")
    return message


def _user(turn: Turn, number: int, to: Writing) -> Iterator[dict[str, Json]]:
    results = [block for block in turn.blocks if isinstance(block, ToolResult)]
    if list(turn.blocks[: len(results)]) != results:
        _unsayable(number, "tool results before what the user says")
    for result in results:
        if result.status == "error" or not result.content:
            _unsayable(number, "tool results with content and without a status of error")
        yield {"role": "tool", "tool_call_id": result.id, "content": _result(result)}
    said = tuple(block for block in turn.blocks if isinstance(block, Text | Media))
    if said:
        yield {"role": "user", "content": _content(said, to)}


def _content(blocks: tuple[Text | Media, ...], to: Writing) -> Json:
    texts = [block.text for block in blocks if isinstance(block, Text)]
    if to.target.plain or len(texts) == len(blocks) == 1:
        return single(texts, "a message", to)
    return [_part(block) for block in blocks]


def _part(block: Text | Media) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if block.kind != "image":
        refuse(
            "CV303", f"media ({block.kind}); this format holds images only", "Leave the record out."
        )
    return {"type": "image_url", "image_url": {"url": block.uri}}


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _result(result: ToolResult) -> Json:
    texts = [
        part.text if isinstance(part, Text) else json.dumps(part, ensure_ascii=False)
        for part in result.content
    ]
    return texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]


def _choice(choice: str) -> Json:
    kind, _, name = choice.partition(":")
    if name:
        return {"type": "function", "function": {"name": name}}
    return {"auto": "auto", "any": "required"}[kind]


def _unsayable(number: int, order: str) -> None:
    refuse(
        "CV308",
        f"turn {number} cannot be said as OpenAI messages, which hold {order}",
        "Leave the record out, or keep it in its own format.",
    )


_RANK: dict[type, int] = {Reasoning: 0, Text: 1, Media: 1, ToolCall: 2}
