"""Looks at the first bytes of a stream without losing them, whatever the stream can do."""

import gzip
import io
import zlib
from typing import IO

from tuning.datasets.bounds import Bounded

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
"""What unpacking raises when a gzip file is broken or cut off."""

_HEAD = 64 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class Opened:
    """The stream from its first byte of content: unpacked, without a byte order mark."""

    def __init__(self, stream: IO[bytes], *, name: str = "", limit: int | None = None) -> None:
        """`limit` holds for what comes out of an archive; OverLimitError is raised at a byte more."""
        self.changed: list[str] = []
        self.damaged = False
        head, stream = peeked(stream)
        if head.startswith(_GZIP):
            self.changed.append("gzip unpacked")
            unpacked: IO[bytes] = io.BufferedReader(gzip.GzipFile(fileobj=stream))
            if limit is not None:
                unpacked = io.BufferedReader(Bounded(unpacked, limit, name=name))
            try:
                head, stream = peeked(unpacked, rewind=False)
            except DAMAGE:
                self.damaged = True
        if head.startswith(_BOM):
            self.changed.append("byte order mark removed")
            head = head[len(_BOM) :]
            stream.read(len(_BOM))
        self.head = head
        self.stream = stream


def peeked(stream: IO[bytes], *, size: int = _HEAD, rewind: bool = True) -> tuple[bytes, IO[bytes]]:
    """The first `size` bytes, and a stream that begins with them."""
    head = b""
    while len(head) < size and (piece := stream.read(size - len(head))):
        head += piece
    if rewind and stream.seekable():
        stream.seek(-len(head), io.SEEK_CUR)
        return head, stream
    return head, io.BufferedReader(_Chained(head, stream))


class _Chained(io.RawIOBase):
    """What was read, then the rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # narrower than typeshed's Buffer, which cannot be measured
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)
