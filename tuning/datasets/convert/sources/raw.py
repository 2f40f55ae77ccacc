"""What a container gives: one raw record after the other, each with its line in the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError

MAX_RECORD = 8 * 1024 * 1024
"""Bytes. Far above any record that Bedrock trains on (32,000 tokens), far below memory."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A record as it stands in the file, or why it cannot even be read."""

    line: int
    """From 1: the line where it begins; for Parquet and captions the row."""
    value: dict[str, Any] | RecordRefusedError


Container = Callable[[IO[bytes]], Iterator[Raw]]


def lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one beyond `MAX_RECORD`, which is never held."""
    number = 0
    while piece := stream.readline(MAX_RECORD):
        number += 1
        whole = piece.endswith(b"\n") or len(piece) < MAX_RECORD
        if whole:
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
        raise RecordRefusedError(
            rule="CV101",
            message=f"byte {error.start + 1} of the line ({shown}) is not UTF-8",
            fix="Save the file as UTF-8, such as: iconv -f WINDOWS-1252 -t UTF-8",
            line=line,
            column=len(piece[: error.start].decode()) + 1,
        ) from None
