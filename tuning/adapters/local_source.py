"""A local file that is read by ranges."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE = 8 * 1024**2
"""Bytes that are read at once where a whole file or tensor passes through."""


class LocalSource:
    """Ranges of one open file; several threads may read at once."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.name = path.name
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises OSError when the file became shorter meanwhile."""
        found = os.pread(self._descriptor, length, offset)
        if len(found) == length:
            return found
        parts = [found]
        missing = length - len(found)
        while missing:
            more = os.pread(self._descriptor, missing, offset + length - missing)
            if not more:
                raise OSError(f"{self.path}: became shorter while it was read")
            parts.append(more)
            missing -= len(more)
        return b"".join(parts)


@contextmanager
def opened_source(path: Path) -> Iterator[LocalSource]:
    """The file, closed at the end. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        yield LocalSource(path, descriptor)
    finally:
        os.close(descriptor)
