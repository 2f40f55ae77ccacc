"""Whatever the bytes, the kernel keeps within its buffers: behind them is memory nobody may touch.

Compiled with AddressSanitizer and UBSan it also read 220,000 mutated lines without a word.
"""

import ctypes
import mmap
import os
import random
import sys
from functools import partial

import pytest
from builders import LLAMA, NOVA, NOVA_2, converse, method
from builders import lines as lines_of
from test_agreement import _line, _mutated
from test_blocks import _line as block_line

from benchmarks.other_formats import METHODS as OTHERS
from benchmarks.wrong_records import SOUND, wrong
from tuning.datasets import kernel
from tuning.datasets.chunks import Chunks
from tuning.datasets.kernel import GROWTH, GUARD, Found
from tuning.datasets.outlines import Outlines
from tuning.datasets.tally import Policy, Tally

LINES = int(os.environ.get("TUNING_LINES", "4000"))
METHODS = {
    "growing": (NOVA,),
    "converse": (NOVA,),
    "prompt_completion": (LLAMA,),
    "blocks": (NOVA_2,),
    "tools": (NOVA_2,),
    **OTHERS,
}
GROWING = "\U0001d160\u0390\u1f82\u0958\u0345\u0301\u0323\u1100\u1161\uac00 aE"
"""Letters whose normal form is longer, and what composes with them."""


def _growing(rng):
    text = "".join(rng.choices(GROWING, k=rng.randint(1, 200))) + "."
    return lines_of(converse(text, "b"))


LINE = {
    "growing": _growing,
    "converse": lambda rng: _line(rng, "converse"),
    "prompt_completion": lambda rng: _line(rng, "prompt_completion"),
    "blocks": block_line,
    "tools": lambda rng: wrong(rng, "tools"),
    **{form: partial(wrong, kind=form, how=SOUND) for form in OTHERS},
}
FILLINGS = b'\0\xff"\\\n\x80{'


class Fenced:
    """A buffer that ends where a page ends that cannot be read."""

    def __init__(self, size):
        room = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self._memory = mmap.mmap(-1, room + mmap.PAGESIZE)
        start = ctypes.addressof(ctypes.c_uint8.from_buffer(self._memory))
        protect = ctypes.CDLL(None).mprotect
        assert protect(ctypes.c_void_p(start + room), mmap.PAGESIZE, 0) == 0
        self._end = start + room

    def place(self, content):
        """Where the content is, right before the fence."""
        ctypes.memmove(self._end - len(content), content, len(content))
        return self._end - len(content)


def _pieces(rng, kind):
    for _ in range(LINES // 8):
        lines = [_mutated(rng, LINE[kind](rng)) for _ in range(rng.randint(1, 8))]
        lines.append(lines[0][: rng.randrange(len(lines[0]))])
        yield b"".join(line.removesuffix(b"\n") + b"\n" for line in lines)


def _read(kind):
    """Read pieces that end right before the fence; give how many lines were counted wrongly."""
    rng = random.Random(kind)  # noqa: S311 — reproducible, no secret
    of = method(*METHODS[kind])
    reader = Chunks(of, Tally("", Policy()), longest=4096, long=40)
    scan, step = reader._scan, kernel.library().lines_next  # noqa: SLF001 — to lay out its memory
    data, texts, outline, joined, buckets = (Fenced(1 << bits) for bits in (16, 16, 12, 12, 17))
    normal = Fenced(1 << 18)
    outlines = Outlines(of, Policy())
    missed = 0
    for piece in _pieces(rng, kind):
        scan.data = data.place(piece + bytes([rng.choice(FILLINGS)]) * GUARD)
        scan.texts = texts.place(bytes(len(piece) + GUARD))
        scan.normal = normal.place(bytes(GROWTH * len(piece) + GUARD))
        scan.outline_room = rng.choice((0, 9, 99, 999))
        scan.outline = outline.place(bytes(scan.outline_room + GUARD))
        scan.enough = rng.choice((0, rng.getrandbits(64), (1 << 64) - 1))
        scan.joined_room = rng.choice((0, 40, 400))
        scan.joined = joined.place(bytes(scan.joined_room + GUARD))
        scan.buckets_full, scan.buckets_size = rng.choice((1, 99)), 0
        scan.buckets = buckets.place(bytes(scan.buckets_full + len(piece)))
        scan.at, scan.end, scan.line = 0, len(piece), 0
        while (found := step(ctypes.addressof(scan))) != Found.DONE:
            if found == Found.FULL:
                scan.kept = scan.buckets_size = 0
            if found == Found.OUTLINED:
                reported = ctypes.string_at(scan.outline, scan.outline_size)
                if same := outlines.recognised(
                    reported, ctypes.string_at(scan.texts, scan.texts_size)
                ):
                    reader.learn(reported, same)
                reader._elements.learn(scan)  # noqa: SLF001 — the same
        missed += scan.line != piece.count(b"\n")
    return missed


@pytest.mark.thorough
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fences memory by mprotect")
@pytest.mark.parametrize("kind", METHODS)
def test_nothing_beyond_the_guard_is_touched(kind):
    child = os.fork()
    if child == 0:
        status = 99
        try:
            status = min(_read(kind), 98)
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
