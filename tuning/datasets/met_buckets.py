"""The buckets that media lie in, as the kernel hands them over: each after its line and its size."""

import ctypes
import mmap
import struct
from typing import Any

from tuning.datasets.kernel import Scan
from tuning.datasets.tally import Tally

_FULL = 1 << 16
"""Bytes that wait to be taken away."""
_BEFORE = struct.Struct("=QB")


class MetBuckets:
    """Those of one stretch of a file."""

    def __init__(self, longest: int) -> None:
        self._room = mmap.mmap(-1, _FULL + longest)  # what a line names takes less than the line
        address = ctypes.addressof(ctypes.c_uint8.from_buffer(self._room))
        self.memory: dict[str, Any] = {"buckets": address, "buckets_full": _FULL}
        """Fields of `Scan`."""

    def take(self, scan: Scan, tally: Tally) -> None:
        """Note those of the lines that the kernel counted."""
        if size := scan.buckets_size:
            for bucket, line in self._named(0, size).items():
                tally.buckets.setdefault(bucket, line)
            scan.buckets_size = 0

    def of_line(self, scan: Scan) -> frozenset[str]:
        """Those of the line that is handed back, but for such as were surely noted before."""
        return frozenset(self._named(scan.its_buckets, scan.its_buckets_end))

    def _named(self, at: int, end: int) -> dict[str, int]:
        """Each with the first line that names it."""
        named: dict[str, int] = {}
        while at < end:
            line, size = _BEFORE.unpack_from(self._room, at)
            at += _BEFORE.size + size
            named.setdefault(self._room[at - size : at].decode(), line)
        return named
