"""What a record asks, in a form in which near-identical questions are the same."""

from collections.abc import Iterator

import xxhash

from tuning.datasets.convert.conversation import (
    Caption,
    Conversation,
    Document,
    Media,
    ReadRecord,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.same import MARKED, asked

_BETWEEN = "\x1f"
"""A character that text does not hold, so that parts cannot run into each other."""


def prompt(record: ReadRecord) -> str:
    """All that is before the last answer: system text and turns; nothing of the answer."""
    return _BETWEEN.join(_asked(record))


def fingerprint(record: ReadRecord, seed: int = 0) -> int:
    """64 bits of the near prompt; evenly spread, another spread for another seed."""
    # A piece that begins with the mark would compare exactly; nobody sees that character in a text.
    pieces = (piece.replace(MARKED, "") for piece in _asked(record))
    return xxhash.xxh3_64_intdigest(asked(pieces), seed=seed)


def _asked(record: ReadRecord) -> Iterator[str]:
    match record:
        case Caption():
            yield record.image
        case Document():
            yield record.text
        case Conversation(system=system, turns=turns):
            yield from system
            for turn in turns[:-1] if turns and turns[-1].role == "assistant" else turns:
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
