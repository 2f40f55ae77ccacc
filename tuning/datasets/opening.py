"""Opens what was given, whatever it turns out to be: unpacks gzip, skips a byte order mark."""

import gzip
import io
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from tuning.datasets import looks
from tuning.datasets.bounds import Bounded
from tuning.datasets.formats.walk import Fault

_NAMED = 8
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_HEAD = 4096  # bytes that tell a file's nature
_CHUNK = 1 << 20

try:
    from isal import igzip as unpacker  # three times as fast where its wheel exists
except ImportError:
    unpacker = gzip  # type: ignore[misc]  # the same GzipFile

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, unpacker.BadGzipFile)
"""What a damaged gzip raises while it is read."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A stream at its first line, and what its beginning told."""

    stream: io.BufferedReader
    document: str | None = None
    """What it is when it is one JSON document, not JSON Lines."""
    hopeless: Fault | None = None
    """Why no line of it can be read."""
    repairs: Counter[str] = field(default_factory=Counter)


class _Joined(io.RawIOBase):
    """The first bytes, already read, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the base says Buffer, 3.12+
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def opened(source: BinaryIO, *, name: str = "", limit: int | None = None) -> Opened:
    """The stream to read lines from, past everything that is not text.

    `limit` holds for what comes out of an archive; OverLimitError is raised at a byte more.
    """
    repairs: Counter[str] = Counter()
    if isinstance(source, io.BufferedReader) and source.seekable() and source.tell() == 0:
        stream, head = source, _first(source, _HEAD)
        source.seek(0)
    else:
        head = _first(source, _HEAD)
        stream = _buffered(head, source)
    if head.startswith(_GZIP):
        repairs["gzip"] = 1
        unpacked = cast("BinaryIO", unpacker.GzipFile(fileobj=stream))  # type: ignore[no-untyped-call]  # isal has no types
        if limit is not None:
            unpacked = io.BufferedReader(Bounded(unpacked, limit, name=name), _CHUNK)
        try:
            head = _first(unpacked, _HEAD)
        except DAMAGED:
            return Opened(stream=stream, hopeless=damaged(), repairs=repairs)
        stream = _buffered(head, unpacked)
    if kind := looks.binary(head):
        return Opened(stream=stream, hopeless=Fault("DS111", f"this is {kind}"), repairs=repairs)
    if found := looks.stray(head) or looks.markup(head):
        return Opened(stream=stream, hopeless=Fault(*found), repairs=repairs)
    if looks.utf16(head):
        message = "the file is text in two or four bytes a letter (UTF-16 or UTF-32)"
        return Opened(stream=stream, hopeless=Fault("DS102", message), repairs=repairs)
    if head.startswith(_BOM):
        repairs["byte_order_mark"] = 1
        stream.read(len(_BOM))
    if columns := looks.table(head):
        message = f"this is a table, with the columns {', '.join(columns[:_NAMED])}"
        return Opened(stream=stream, hopeless=Fault("DS306", message), repairs=repairs)
    return Opened(stream=stream, document=looks.document(head), repairs=repairs)


def damaged() -> Fault:
    return Fault("DS107", "the gzip is damaged or cut short; nothing after this line was read")


def _first(source: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; a stream may give them in pieces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _buffered(head: bytes, rest: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(_Joined(head, rest), _CHUNK)
