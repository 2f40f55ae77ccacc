"""The beginning of a file, and what is in a gzip: what every reader of a dataset opens it with.

Nothing of a stream is lost by reading its beginning, whatever the stream can do.
"""

import codecs
import gzip
import io
import zlib
from typing import IO

from tuning.datasets.bounds import Pieces

try:
    from isal import igzip as unpacker  # three times as fast where its wheel exists
except ImportError:
    unpacker = gzip  # type: ignore[misc]  # the same GzipFile

BOM = codecs.BOM_UTF8
GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, unpacker.BadGzipFile)
"""What a damaged archive raises while it is read."""

_CHUNK = 1 << 20


def gunzipped(stream: IO[bytes]) -> io.BufferedReader:
    return io.BufferedReader(unpacker.GzipFile(fileobj=stream), _CHUNK)  # type: ignore[no-untyped-call]  # isal has no types


def gunzipped_head(raw: bytes, size: int) -> bytes:
    """What the beginning of a file becomes, up to `size` bytes: itself when it is not gzip, and
    nothing when it is damaged, which anyone who reads it on finds, and names.
    """
    if not raw.startswith(GZIP):
        return raw
    try:
        return zlib.decompressobj(31).decompress(raw, size)  # 31: gzip's header, largest window
    except zlib.error:
        return b""


def peeked(stream: IO[bytes], size: int, *, rewind: bool = True) -> tuple[bytes, IO[bytes]]:
    """The first `size` bytes, and a stream that begins with them. A stream may give them in pieces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    head = b"".join(pieces)
    if rewind and stream.seekable():
        stream.seek(-len(head), io.SEEK_CUR)
        return head, stream
    return head, io.BufferedReader(_Chained(head, stream), _CHUNK)


class _Chained(Pieces):
    """What was read, then the rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def piece(self, size: int) -> bytes:
        piece = self._head[:size] or self._rest.read(size)
        self._head = self._head[len(piece) :]
        return piece
