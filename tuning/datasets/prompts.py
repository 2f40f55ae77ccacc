"""What a record asks, in a form in which near-identical questions are the same."""

import re
import unicodedata
from collections.abc import Iterator

import xxhash

from tuning.datasets.convert.conversation import (
    Caption,
    Conversation,
    Document,
    Media,
    Reasoning,
    Record,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)

_SPACE = re.compile(r"\s+")
_BETWEEN = "\x1f"
"""A character that text does not hold, so that parts cannot run into each other."""


def prompt(record: Record) -> str:
    """All that stands before the last answer: system text and turns; nothing of the answer."""
    match record:
        case Conversation():
            return _BETWEEN.join(_asked(record))
        case Caption():
            return record.image
        case Document():
            return record.text


def normalised(text: str) -> str:
    """NFC, case folded, every run of blanks one space: what a reader would call the same."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
    return _SPACE.sub(" ", folded).strip()


def fingerprint(record: Record, seed: int = 0) -> int:
    """64 bits of the normalised prompt; evenly spread, another spread for another seed."""
    return xxhash.xxh3_64_intdigest(normalised(prompt(record)).encode(), seed=seed)


def _asked(talk: Conversation) -> Iterator[str]:
    turns = talk.turns
    if turns and turns[-1].role == "assistant":
        turns = turns[:-1]
    yield from talk.system
    for turn in turns:
        yield turn.role
        yield from said(turn)


def said(turn: Turn) -> Iterator[str]:
    """The words of a turn, media by address."""
    for block in turn.blocks:
        match block:
            case Text() | Reasoning():
                yield block.text
            case Media():
                yield block.uri
            case ToolCall():
                yield f"{block.name} {block.arguments}"
            case ToolResult():
                yield from (p.text if isinstance(p, Text) else str(p) for p in block.content)
