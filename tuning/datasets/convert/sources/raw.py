"""What a container gives: one raw record after the other, each with its line in the file."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options

_SAMPLE = 64 * 1024
_LETTERS = re.compile(r"[^\x00-\x7f]")
MAX_RECORD = 8 * 1024 * 1024
"""Bytes. Far above any record that Bedrock trains on (32,000 tokens), far below memory."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A record as it is in the file, or why it cannot even be read."""

    line: int
    """From 1: the line where it begins; for Parquet and captions the row."""
    value: dict[str, Any] | RecordRefusedError
    number: int | None = None
    """From 1: which record of the file it is, where its line holds others."""
    column: int | None = None
    """From 1: where it begins on such a line."""
    size: int = 0
    """Bytes that it took in the file, where that is known."""


class Notes(Counter[str]):
    """What was read otherwise than it is in the file, and how often."""

    utf8 = 0
    """Lines with letters beyond ASCII, sound in UTF-8."""
    other = 0
    """Lines that are not."""
    sample = b""
    """The first of those lines."""

    def seen(self, piece: bytes) -> None:
        """Count a line that says something on the encoding."""
        if piece.isascii():
            return
        try:
            piece.decode()
        except UnicodeDecodeError:
            self.other += 1
            if len(self.sample) < _SAMPLE:
                self.sample += piece.rstrip(b"\r\n") + b"\n"
        else:
            self.utf8 += 1

    @property
    def mixed(self) -> bool:
        """Whether lines of the file are in UTF-8, so that the whole is in no other encoding.

        A few short lines of another encoding are sound UTF-8 by accident. A line that is UTF-8 in
        most of its letters is damaged.
        """
        sound = len(_LETTERS.findall(self.sample.decode(errors="ignore")))
        broken = self.sample.decode(errors="replace").count("\ufffd")
        return self.utf8 * 20 > self.other or sound > broken


RawContainer = Callable[[IO[bytes], Notes, Options], Iterator[Raw]]


def numbered_lines(stream: IO[bytes], notes: Notes) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one beyond `MAX_RECORD`, which is never held.

    The mark that old systems put at the end of a file (Ctrl-Z) is left out, and noted.
    """
    number = 0
    while piece := stream.readline(MAX_RECORD):
        number += 1
        ended = piece.endswith(b"\n")
        if ended or len(piece) < MAX_RECORD:
            if END_OF_FILE in piece[-3:] and (rest := piece.rstrip(b"\r\n")).endswith(END_OF_FILE):
                notes["end-of-file mark (Ctrl-Z) left out"] += 1
                piece = rest.rstrip(END_OF_FILE) + piece[len(rest) :]
            yield number, piece
            continue
        while piece and not piece.endswith(b"\n"):
            piece = stream.readline(MAX_RECORD)
        yield number, None


def record_too_large(line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV105",
        message=f"the record is larger than {MAX_RECORD // 1024 // 1024} MiB",
        fix="No Bedrock format takes it; split it, or look for a missing line end or quote.",
        line=line,
    )


def no_text(piece: bytes, line: int, fix: str) -> RecordRefusedError:
    """Why a line that holds a NUL byte ends the file."""
    return RecordRefusedError(
        rule="CV101",
        message="a NUL byte: this is not text",
        fix=fix,
        line=line,
        column=piece.index(b"\0") + 1,
        ends=True,
    )


def decoded(piece: bytes, line: int) -> str:
    """Decode. Refuses with line and column."""
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        raise RecordRefusedError(
            rule="CV101",
            message="the text is not UTF-8",
            fix="Write it again in UTF-8.",
            line=line,
            column=len(piece[: error.start].decode()) + 1,
        ) from None


def visible_names(record: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """The record with names as they look: nobody sees a zero-width space at the end of one."""
    cleaned = {INVISIBLE.sub("", name): value for name, value in record.items()}
    if len(cleaned) < len(record) or cleaned.keys() == record.keys():
        return record
    notes["invisible characters removed from the name of a field"] += len(
        cleaned.keys() - record.keys()
    )
    return cleaned


INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""Zero-width spaces and joiners, marks of direction, soft hyphens, byte order marks."""
END_OF_FILE = b"\x1a"
