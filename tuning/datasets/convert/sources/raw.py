"""What a container gives: one raw record after the other, each with its line in the file."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.encodings import candidates, listed

MAX_RECORD = 8 * 1024 * 1024
"""Bytes. Far above any record that Bedrock trains on (32,000 tokens), far below memory."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A record as it stands in the file, or why it cannot even be read."""

    line: int
    """From 1: the line where it begins; for Parquet and captions the row."""
    value: dict[str, Any] | RecordRefusedError
    size: int = 0
    """Bytes that it took in the file, where that is known."""


class Notes(Counter[str]):
    """What was read otherwise than it stands in the file, and how often."""

    utf8 = 0
    """Lines with letters beyond ASCII, sound in UTF-8."""
    other = 0
    """Lines that are not."""

    def seen(self, piece: bytes) -> None:
        """Count a line that says something on the encoding."""
        if piece.isascii():
            return
        try:
            piece.decode()
        except UnicodeDecodeError:
            self.other += 1
        else:
            self.utf8 += 1

    @property
    def mixed(self) -> bool:
        """Whether the file is in UTF-8 for the most part, or glued together of several encodings.

        A few short lines of another encoding are sound UTF-8 by accident.
        """
        return self.utf8 * 20 > self.other


Container = Callable[[IO[bytes], Notes, Options], Iterator[Raw]]


def lines(stream: IO[bytes], notes: Notes) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one beyond `MAX_RECORD`, which is never held.

    The mark that old systems put at the end of a file (Ctrl-Z) is left out, and noted.
    """
    number = 0
    while piece := stream.readline(MAX_RECORD):
        number += 1
        ended = piece.endswith(b"\n")
        if ended or len(piece) < MAX_RECORD:
            if not ended and piece.endswith(END_OF_FILE):
                notes["end-of-file mark (Ctrl-Z) left out"] += 1
                piece = piece.rstrip(END_OF_FILE)
            yield number, piece
            continue
        while piece and not piece.endswith(b"\n"):
            piece = stream.readline(MAX_RECORD)
        yield number, None


def too_large(line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV105",
        message=f"the record is larger than {MAX_RECORD // 1024 // 1024} MiB",
        fix="No Bedrock format takes it; split it, or look for a missing line end or quote.",
        line=line,
    )


def text(piece: bytes, line: int) -> str:
    """Decode. Refuses with line and column."""
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        shown = " ".join(f"{byte:02x}" for byte in piece[error.start : error.start + 4])
        column = len(piece[: error.start].decode()) + 1
        raise undecodable(
            piece, f"byte {error.start + 1} of the line ({shown})", line, column
        ) from None


def undecodable(piece: bytes, what: str, line: int, column: int) -> RecordRefusedError:
    """Bytes that are not UTF-8, with what they may be. Whether all of the file is, others know."""
    # A line that is UTF-8 in most of its letters is damaged; it is in no other encoding.
    damaged = len(_LETTERS.findall(piece.decode(errors="ignore"))) > piece.decode(
        errors="replace"
    ).count("\ufffd")
    found = () if damaged else candidates(piece)
    told = f"; {listed(found)}" if found else ""
    return RecordRefusedError(
        rule="CV101",
        message=f"{what} is not UTF-8{told}",
        fix="Write the line again in UTF-8"
        + (
            ", or, when the whole file is in one of these, name it with --encoding."
            if found
            else "."
        ),
        line=line,
        column=column,
        choices=tuple(("--encoding", one.encoding) for one in found),
    )


END_OF_FILE = b"\x1a"
_LETTERS = re.compile(r"[^\x00-\x7f]")
