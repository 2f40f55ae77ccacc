"""A stream that may not give more than so many bytes: what unpacks or converts can grow."""

import io
from typing import IO

from tuning.errors import TuningError


class OverLimitError(TuningError):
    """A stream gave more bytes than it may. Caught where the limit was set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: more bytes than the limit")
        self.name = name


class Bounded(io.RawIOBase):
    """Reads from `inner` and refuses the first byte beyond `limit`."""

    def __init__(self, inner: IO[bytes], limit: int, *, name: str) -> None:
        self._inner = inner
        self._left = limit
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # narrower than typeshed's Buffer, which cannot be measured
        piece = self._inner.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise OverLimitError(self._name)
        buffer[: len(piece)] = piece
        return len(piece)
