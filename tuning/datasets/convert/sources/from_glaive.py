"""Glaive's transcripts: all speakers in one text, `<functioncall>` for a call, tools behind the system text.

https://huggingface.co/datasets/glaiveai/glaive-function-calling-v2
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tuning.datasets.convert.conversation import Block, Conversation, Text, Tool, ToolResult, Turn
from tuning.datasets.convert.sources import written_calls
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_openai import tools_of

_SPEAKER = re.compile(r"(?:\A|\n)\s*(USER|ASSISTANT|FUNCTION RESPONSE):")
_END = "<|endoftext|>"
_CALL = "<functioncall>"
_SYSTEM = re.compile(r"\s*SYSTEM:\s*")
_TOOL = re.compile(r'\n\s*\{\s*"name"\s*:')


def glaive(record: Fields) -> Conversation:
    """The dialogue, turn by turn. Refuses text that nobody is said to speak."""
    system, tools = _system(record.maybe_text("system") or "", record)
    said = record.text("chat")
    before, *parts = _SPEAKER.split(said)
    if before.strip() or not parts:
        refuse("CV204", "the transcript begins with text of no speaker", _FIX, "chat")
    turns: list[Turn] = []
    calls = 0
    waiting: str | None = None
    for who, words in zip(parts[::2], parts[1::2], strict=True):
        text = words.replace(_END, "").strip()
        if who == "FUNCTION RESPONSE":
            if waiting is None:
                refuse("CV210", "a FUNCTION RESPONSE without a call before it", _FIX, "chat")
            blocks: tuple[Block, ...] = (ToolResult(id=waiting, content=(_words(text),)),)
            waiting = None
        elif who == "ASSISTANT":
            spoken, called, written = text.partition(_CALL)
            blocks = (_words(spoken.strip()),) if spoken.strip() or not called else ()
            if called:
                calls += 1
                made = written_calls.call(written.strip(), calls, "chat")
                blocks, waiting = (*blocks, made), made.id
        else:
            blocks = (_words(text),)
        turns.append(Turn(role="assistant" if who == "ASSISTANT" else "user", blocks=blocks))
    return Conversation(
        system=(system,) if system else (),
        turns=tuple(turns),
        tools=tools,
        answer_in="chat",
        extras=record.rest(),
    )


def _words(text: str) -> Text:
    if not text:
        refuse("CV205", "a speaker says nothing", "Write text, or leave the record out.", "chat")
    return Text(text=text)


def _system(written: str, record: Fields) -> tuple[str, tuple[Tool, ...]]:
    """The system text and the tools that are written behind it."""
    text = _SYSTEM.sub("", written, count=1) if _SYSTEM.match(written) else written
    if not (found := _TOOL.search(text)):
        return text.strip(), ()
    listed = list(_objects(text[found.start() :].strip()))
    tools = tools_of(Fields({"tools": listed}, "", record.account))
    return text[: found.start()].strip(), tools


def _objects(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError as error:
            refuse("CV210", f"a tool behind the system text is not JSON: {error}", _FIX, "system")
        yield value
        text = text[end:].lstrip(" \t\r\n,")


_FIX = "Write USER:, ASSISTANT: or FUNCTION RESPONSE: before what each says."
