"""Reads a stream in chunks. The kernel passes over sound lines; what it stops at is handed on."""

import ctypes
import mmap
from array import array
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import NamedTuple

from tuning.datasets import kernel, rule_counts, text_counts
from tuning.datasets.kernel import DIGEST_BITS, ENDS, GROWTH, GUARD, Found, Scan, Why
from tuning.datasets.learnt_outlines import LearntOutlines
from tuning.datasets.met_buckets import MetBuckets
from tuning.datasets.outlines import Outline
from tuning.datasets.record_parts import Elements, parts_of
from tuning.datasets.tally import COMPARED, Tally
from tuning.datasets.text_counts import UNSEEN
from tuning.models.catalog import Method

TakeSound = Callable[[memoryview, bool], None]

FAST_FORMATS = ("converse", "prompt_completion")
"""The formats whose sound lines are recognized at sight, and without the kernel too."""
CHUNK_BYTES = 1 << 20
_KEPT = 4096  # records whose digests wait to be taken away
OUTLINE = 8 << 20  # bytes; more than any record of blocks has
_AGAIN = 8 << 20  # bytes of a chunk's lines that may be read again for an element that was learnt


class UnsettledLine(NamedTuple):
    """A line that the kernel did not settle."""

    line: bytes
    """As it is in the file, for one that is not certain. Nothing of one too long to be a record, nor of a
    sound one unless its script is asked for."""
    size: int
    why: int | None = None
    """Why a sound line, already counted, is worth a look; it ends in a plain line feed. Or, of one with
    an outline, what its texts are to be looked through for."""
    prompt: bytes = b""
    answer: bytes = b""
    characters: int = 0
    private: tuple[int, ...] = ()
    """How much of each kind of `kernel.PRIVATE` the texts hold."""
    outline: bytes = b""
    """Of a line that is not certain, if it has one; see `outlines`."""
    texts: bytes = b""
    """What the outline leaves out, one after the other."""
    buckets: frozenset[str] = frozenset()
    """Those of its buckets that no line before it surely had."""


def usable(method: Method) -> bool:
    """Whether the kernel is there and knows the records of a method."""
    words = method.reserved_words + method.reserved_words_sdk
    return (
        kernel.library() is not None
        and method.format in kernel.FORMATS
        and (method.max_line_kb is None or method.format not in FAST_FORMATS)
        and len({word[-1] for word in words}) <= ENDS
        and not any(word[-1].isalnum() or not "+" <= word[-1] <= "_" for word in words)
        and not any({'"', "\\"} & set(word) for word in words)
        and all(word[-2:-1].isalpha() for word in words if word.endswith(":"))
        and array("L").itemsize == ctypes.sizeof(ctypes.c_uint64)
    )


class Chunks:
    """One stretch of a file, in pieces of whole lines."""

    def __init__(self, method: Method, tally: Tally, *, longest: int, long: int) -> None:
        library = kernel.library()
        assert library is not None  # noqa: S101 — for the type checker; `usable` decides
        self._next = library.lines_next
        self._method, self._tally = method, tally
        self._longest, self._chunk = longest, CHUNK_BYTES
        room = longest + CHUNK_BYTES
        self._buffer, texts, joined, normal = (
            mmap.mmap(-1, times * room + GUARD) for times in (1, 1, 1, GROWTH)
        )
        self._view, self._texts = memoryview(self._buffer), memoryview(texts)
        self._normal = memoryview(normal)
        thorough = tally.policy.thorough
        self._kept = [(ctypes.c_uint64 * _KEPT)() for _ in range(5)]
        self._views = [memoryview(numbers).cast("B") for numbers in self._kept]
        self._outline = mmap.mmap(-1, OUTLINE + GUARD)
        self._buckets = MetBuckets(longest)
        self._joined = memoryview(joined)
        self._notes = mmap.mmap(-1, library.lines_notes())
        self._learnt = LearntOutlines()
        self._empty = 0
        self._elements = Elements(method, tally)
        self._scan = Scan(
            data=_address(self._view),
            texts=_address(self._texts),
            **text_counts.words_looked_for(method, thorough=thorough),
            **rule_counts.judged_by(method, tally.policy),
            pairs=method.format == "prompt_completion",
            thorough=thorough,
            reports_unseen=thorough or UNSEEN in tally.policy.strict,
            longest_line=longest,
            long_text=long,
            compared=COMPARED,
            system_blocks=method.max_system_blocks or 1 << 62,
            outline=_address(memoryview(self._outline)),
            # In haste the kernel does not look for the words that only warn, unless they are errors
            outline_room=OUTLINE if thorough or not tally.policy.strict else 0,
            notes=_address(memoryview(self._notes)),
            **self._learnt.memory,
            joined=_address(self._joined),
            joined_room=room,
            room=_KEPT,
            **self._buckets.memory,
            **self._elements.memory,
            prompts=ctypes.addressof(self._kept[0]),
            answers=ctypes.addressof(self._kept[1]),
            places=ctypes.addressof(self._kept[2]),
            near_prompts=ctypes.addressof(self._kept[3]),
            near_answers=ctypes.addressof(self._kept[4]),
            normal=_address(self._normal),
        )

    def stops(
        self, stream: BufferedReader, size: int, sound: TakeSound | None = None
    ) -> Iterator[UnsettledLine]:
        """What the kernel does not settle, in order; everything else is in the tally at the end.

        `sound` is given the lines that are between, as they are, and whether some hold nothing.
        """
        buffer, kept, passed = self._buffer, 0, 0
        try:
            while size > 0 and (
                n := stream.readinto1(self._view[kept : kept + min(self._chunk, size)])
            ):
                size -= n
                start, filled = 0, kept + n
                end = buffer.rfind(b"\n", kept, filled) + 1
                if passed:  # within a line that is too long
                    start = buffer.find(b"\n", 0, filled) + 1
                    passed += start or filled
                    if not start:
                        continue
                    yield self._too_long(passed)
                    passed = 0
                if end > start:
                    yield from self._lines(start, end, sound)
                    start = end
                kept = filled - start
                buffer.move(0, start, kept)
                if kept >= self._longest:
                    passed, kept = kept, 0
            if passed:
                yield self._too_long(passed)
            elif kept:
                yield self._last(kept)
        finally:
            self._settle()

    def count_enough(self) -> None:
        """From now on the kernel counts by itself what lines do wrong, and what warns of a text, where enough of it is listed."""
        text_counts.only_count(self._scan, self._tally)
        rule_counts.only_count_rules(self._scan, self._tally)

    def learn(self, outline: bytes, same: Outline) -> None:
        """From now on the kernel counts the lines of an outline, of which nothing is left to tell."""
        self._learnt.learn(self._scan, outline, same)

    def _too_long(self, size: int) -> UnsettledLine:
        self._scan.line += 1
        self._tally.lines = self._scan.line
        self._tally.size += size
        return UnsettledLine(b"", size)

    def _last(self, size: int) -> UnsettledLine:
        """A line that no line feed ends."""
        self._scan.line += 1
        self._tally.lines = self._scan.line
        self._tally.size += size
        return UnsettledLine(self._buffer[:size], size)

    def _lines(self, start: int, end: int, sound: TakeSound | None) -> Iterator[UnsettledLine]:
        scan, tally, view = self._scan, self._tally, self._view
        address = ctypes.addressof(scan)
        scan.at, scan.end, spare = start, end, _AGAIN
        tally.size += end - start
        while (found := self._next(address)) != Found.DONE:
            self._take()
            if found == Found.FULL:
                continue
            spare -= scan.at - scan.start
            if found == Found.OUTLINED and spare > 0 and self._elements.learn(scan):
                scan.at, scan.line = scan.start, scan.line - 1
                continue
            tally.lines = scan.line
            if found == Found.LOOK:
                yield self._look()
                continue
            if sound:
                sound(view[start : scan.start], self._emptied())
            before, start = scan.start, scan.at
            line = b"" if found == Found.LONG else self._buffer[before:start]
            if found == Found.OUTLINED:
                outline = self._outline[: scan.outline_size]
                texts = bytes(self._texts[: scan.texts_size])
                yield UnsettledLine(
                    line,
                    start - before,
                    scan.why,
                    outline=outline,
                    texts=texts,
                    buckets=self._buckets.of_line(scan),
                )
            else:
                yield UnsettledLine(line, start - before)
        self._take()
        if sound:
            sound(view[start:end], self._emptied())

    def _emptied(self) -> bool:
        """Whether the kernel passed over lines that hold nothing since this was asked."""
        before, self._empty = self._empty, self._scan.blank_lines + self._scan.ctrl_z
        return self._empty > before

    def _look(self) -> UnsettledLine:
        """A sound line with no more of it than its reason asks for."""
        scan, why, prompt, answer, line = self._scan, self._scan.why, b"", b"", b""
        texts = self._joined if scan.in_joined else self._texts
        if why & (Why.TOO_LONG | Why.NEAR | Why.UNSEEN):
            at, size = scan.prompt_at, scan.prompt_size
            prompt = bytes(texts[at : at + size])
            at, size = scan.answer_at, scan.answer_size
            answer = bytes(texts[at : at + size])
        if why & Why.SCRIPT:
            line = self._buffer[scan.start : scan.at].replace(b"\r\n", b"\n")
        private = tuple(scan.counts) if why & Why.PRIVATE else ()
        size = scan.at - scan.start
        return UnsettledLine(line, size, why, prompt, answer, scan.characters, private)

    def _take(self) -> None:
        """The digests so far, so that those of other records can follow."""
        if kept := self._scan.kept:
            tally = self._tally
            targets = [tally.prompts, tally.answers, tally.places]
            if tally.policy.thorough:
                targets += [tally.near_prompts, tally.near_answers]
            for target, source in zip(targets, self._views, strict=False):
                target.frombytes(source[: 8 * kept])
            self._scan.kept = 0
        self._buckets.take(self._scan, self._tally)

    def _settle(self) -> None:
        """Add up what the kernel counted."""
        scan, tally = self._scan, self._tally
        tally.lines = scan.line
        tally.records += scan.records
        tally.characters += scan.total_characters
        tally.text_bytes += scan.total_bytes
        fixed = {"crlf": scan.crlf, "blank_line": scan.blank_lines, "ctrl_z": scan.ctrl_z}
        tally.repairs.update({repair: count for repair, count in fixed.items() if count})
        for bits in range(DIGEST_BITS):
            tally.histogram[bits] += scan.histogram[bits]
        tally.reach(scan.most_bits, scan.most_bits_line)
        for bits, count in enumerate(scan.traits):
            if count:
                tally.trait(parts_of(bits, self._method), scan.traits_line[bits], count)
        text_counts.settle(scan, tally)
        rule_counts.settle_rules(scan, tally)
        self._learnt.settle(tally)
        self._elements.settle(scan)
        if scan.latin:
            tally.script("LATIN", scan.latin_line, scan.latin)


def _address(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_uint8.from_buffer(view))
