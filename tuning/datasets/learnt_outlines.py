"""Outlines whose lines the kernel counts by itself, for nothing is left to list of them."""

import ctypes
from typing import Any

from tuning.datasets import kernel
from tuning.datasets.kernel import Known, Scan
from tuning.datasets.outlines import Outline
from tuning.datasets.tally import Tally

_MOST = 256
_BYTES = 4 << 20


class LearntOutlines:
    """Those of one stretch of a file."""

    def __init__(self) -> None:
        self._known, self._digests = (Known * _MOST)(), (ctypes.c_uint64 * _MOST)()
        self._counted: dict[bytes, Outline] = {}
        self._pieces: list[ctypes.Array[ctypes.c_uint32]] = []
        self._room = _BYTES
        self.memory: dict[str, Any] = {
            "known": ctypes.addressof(self._known),
            "digests": ctypes.addressof(self._digests),
        }
        """Fields of `Scan`."""

    def learn(self, scan: Scan, outline: bytes, same: Outline) -> None:
        """From now on the kernel counts the lines of an outline."""
        counted, pieces = self._counted, [*same.prompt, *same.answer]
        if len(counted) == _MOST or len(outline) > self._room or outline in counted:
            return
        self._room -= len(outline)
        known = self._known[len(counted)]
        self._digests[len(counted)] = kernel.digest()(outline)
        known.size, known.outline = len(outline), outline
        known.readable = same.readable
        known.system = sum(1 << kernel.RECORD_PARTS.index(trait) for trait in same.traits)
        known.prompt, known.pieces = len(same.prompt), len(pieces)
        self._pieces.append((ctypes.c_uint32 * len(pieces))(*pieces))
        known.text = ctypes.addressof(self._pieces[-1])
        counted[outline] = same  # the kernel has the addresses of both
        scan.knows = len(counted)

    def settle(self, tally: Tally) -> None:
        """Add up what the kernel counted."""
        for known, same in zip(self._known, self._counted.values(), strict=False):
            for fault in same.faults:
                tally.counts[fault.rule] += known.times
            if known.times and same.readable:
                for subject in same.contested:
                    tally.contest(subject, tally.contested[subject][1], known.times)
