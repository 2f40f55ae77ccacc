"""Streams that are read in pieces; some with a bound: on their bytes, since what unpacks or converts can grow, or on
time.
"""

import io
from collections.abc import Callable
from typing import IO

from tuning.errors import TuningError


class Pieces(io.RawIOBase):
    """A stream of what `piece` gives, for `io` to buffer."""

    def piece(self, size: int) -> bytes:
        """As many bytes or fewer; none at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # narrower than typeshed's Buffer, which cannot be measured
        piece = self.piece(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class OverLimitError(TuningError):
    """A stream gave more bytes than it may. Caught where the limit was set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: more bytes than the limit")
        self.name = name


class Bounded(Pieces):
    """Reads from `inner` and refuses the first byte beyond `limit`."""

    def __init__(self, inner: IO[bytes], limit: int, *, name: str) -> None:
        self._inner = inner
        self._left = limit
        self._name = name

    def piece(self, size: int) -> bytes:
        piece = self._inner.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise OverLimitError(self._name)
        return piece


class OutOfTimeError(TuningError):
    """A stream was used when the time for it was over. Caught where the time was set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the time for it is over")
        self.name = name


class Timed(Pieces):
    """Reads from `inner`, or writes to it, as long as `remaining`, in seconds, is positive."""

    def __init__(self, inner: IO[bytes], remaining: Callable[[], float], *, name: str) -> None:
        self._inner = inner
        self._remaining = remaining
        self._name = name

    def writable(self) -> bool:
        return True

    def piece(self, size: int) -> bytes:
        self._check()
        return self._inner.read(size)

    def write(self, piece: bytes | memoryview) -> int:  # type: ignore[override] # as above
        self._check()
        return self._inner.write(piece)

    def _check(self) -> None:
        if self._remaining() <= 0:
            raise OutOfTimeError(self._name)
