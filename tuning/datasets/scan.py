"""Reads a dataset: sound lines fast, by the kernel or by msgspec, and all others exactly."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, Protocol

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from tuning.datasets import kernel
from tuning.datasets.chunks import FAST_FORMATS, Chunks, UnsettledLine, usable
from tuning.datasets.formats.walk import Fault, Mark
from tuning.datasets.kernel import Why
from tuning.datasets.opening import Opened, damaged
from tuning.datasets.outlines import Outline, Outlines
from tuning.datasets.privacy import by_kind, private
from tuning.datasets.quality import script
from tuning.datasets.same import MARKED, near
from tuning.datasets.tally import COMPARED, Policy, Tally
from tuning.datasets.text_counts import UNSEEN
from tuning.datasets.unpacking import DAMAGED
from tuning.datasets.unseen import unseen
from tuning.models.catalog import Method

MAX_LINE = 4 << 20
"""Bytes. Longer lines are no records: 32,000 tokens need at most 2.3 MB, all in \\u escapes."""
_EVERY = Why.TOO_LONG | Why.PRIVATE | Why.SCRIPT | Why.NEAR
_EMPTY = re.compile(rb"^[ \t\r\v\f]*(?:\x1a+\r?)?\n", re.MULTILINE)
_CTRL_Z = b"\x1a"  # how DOS ended a file
_CHARS_PER_TOKEN = 6  # the service's own bound, see catalog: dataset_limits
_SAMPLE = 256  # bytes at each end of a line that tell whether it is sampled; lines.c has it too
_ODD = 0x9E3779B97F4A7C15  # spreads the bits of a number over its upper end; lines.c has it too
_BYTES_PER_TOKEN = 4  # an estimate: English is about 4, most scripts less


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Copy(Struct):
    """The prepared copy, written while the original is read."""

    target: BinaryIO
    digest: Digest

    def write(self, line: bytes) -> None:
        self.target.write(line)
        self.digest.update(line)


class Scanner:
    """One pass over one stretch of a file."""

    def __init__(self, file: str, method: Method, policy: Policy) -> None:
        self.tally = Tally(file, policy)
        self._method = method
        self._copy: Copy | None = None
        tokens = method.max_tokens_per_record
        self._tokens = tokens
        self._long = tokens * _BYTES_PER_TOKEN if tokens else 1 << 62
        self._native = usable(method)
        self._outlines = Outlines(method, policy)
        self._accept: Callable[[bytes], tuple[bytes, bytes, int, frozenset[str]] | None] | None = (
            None
        )
        if not self._native and method.format in FAST_FORMATS:
            from tuning.datasets import fast  # noqa: PLC0415 — slow to import, and not in the functions' zip

            self._accept = fast.accepter(method, thorough=policy.thorough)
        self._digest = kernel.digest() if self._native else xxh3_64_intdigest

    def scan(self, source: Opened, copy: Copy | None = None, size: int = 1 << 62) -> Tally:
        """Read `size` bytes of lines, or all."""
        tally, self._copy = self.tally, copy
        tally.repairs.update(source.repairs)
        if source.hopeless:
            tally.add(source.hopeless, None)
        elif source.document:
            tally.add(Fault("DS207", f"{source.document}, not JSON Lines"), 1)
        else:
            try:
                (self._chunks if self._native else self._lines)(source, size)
            except DAMAGED:
                tally.add(damaged(), tally.lines + 1)
        return tally

    def _chunks(self, source: Opened, size: int) -> None:
        chunks = Chunks(self._method, self.tally, longest=MAX_LINE, long=self._long)
        for stop in chunks.stops(source.stream, size, self._kept if self._copy else None):
            if stop.outline:
                same = self._outlined(stop)
                if same and self._outlines.again and same.listed(self.tally):
                    chunks.learn(stop.outline, same)
                chunks.count_enough()
            elif stop.why:
                self._look(
                    stop.line, stop.prompt, stop.answer, stop.characters, stop.why, stop.private
                )
                if stop.why & (Why.PRIVATE | Why.UNSEEN):
                    chunks.count_enough()
            elif stop.line:
                self._line(stop.line)
                chunks.count_enough()
            else:
                self._endless(stop.size)

    def _kept(self, lines: memoryview, emptied: bool) -> None:  # noqa: FBT001 — what Chunks says
        """Sound lines, for the prepared copy."""
        assert self._copy is not None  # noqa: S101 — for the type checker
        whole = _EMPTY.sub(b"", lines) if emptied else bytes(lines)
        self._copy.write(whole.replace(b"\r\n", b"\n"))

    def _lines(self, source: Opened, size: int) -> None:
        tally, readline = self.tally, source.stream.readline
        while tally.size < size and (line := readline(MAX_LINE)):
            tally.lines += 1
            tally.size += len(line)
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                whole = len(line)
                while line[-1:] not in (b"\n", b"") and (line := readline(MAX_LINE)):
                    whole += len(line)
                tally.size += whole - MAX_LINE
                self._endless(whole)
            else:
                self._line(line)

    def _line(self, line: bytes) -> None:
        """A line as it is in the file."""
        tally, line = self.tally, self._ended(line)
        if not line:
            return
        if line.isspace():
            tally.repairs["blank_line"] += 1
            return
        if self._copy:
            self._copy.write(line)
        if self._accept and (sound := self._accept(line)):
            tally.records += 1
            self._count(line, *sound)
        else:
            self._exactly(line)

    def _ended(self, line: bytes) -> bytes:
        """The line with the ending that all have."""
        repairs = self.tally.repairs
        if _CTRL_Z in line[-3:]:
            whole, line = line, _trimmed(line)
            if line != whole:
                repairs["ctrl_z"] += 1
        if line.endswith(b"\r\n"):
            repairs["crlf"] += 1
            return line[:-2] + b"\n"
        if line and not line.endswith(b"\n"):
            repairs["final_newline"] += 1
            return line + b"\n"
        return line

    def _outlined(self, stop: UnsettledLine) -> Outline | None:
        """A line that is recognized by its outline, if that shows all."""
        tally = self.tally
        same = self._outlines.recognised(stop.outline, stop.texts, tally.enough)
        odd = (stop.why or 0) & Why.UNSEEN
        if same is None or (odd and (not same.readable or kernel.NUL in stop.texts)):
            self._line(stop.line)  # where a NUL is, `_look` takes a text apart
            return same
        line = self._ended(stop.line)
        if self._copy:
            self._copy.write(line)
        for fault in same.faults:
            tally.add(fault, tally.lines)
        tally.records += 1
        if same.readable:
            for bucket in stop.buckets:
                tally.buckets.setdefault(bucket, tally.lines)
            for subject in same.contested:
                tally.contest(subject, tally.lines)
            why = Why.NEAR | (stop.why or _EVERY)
            self._count(line, *same.pieced(stop.texts), same.traits, why)
        return same

    def _endless(self, size: int) -> None:
        message = f"{size:,} bytes; no record is longer than {MAX_LINE:,}"
        self.tally.add(Fault("DS108", message), self.tally.lines)
        self.tally.records += 1

    def _exactly(self, line: bytes) -> None:
        from tuning.datasets.diagnosis import diagnose  # noqa: PLC0415 — sound files do without

        tally = self.tally
        walk = diagnose(line, self._method, tally.enough)
        for fault in walk.faults:
            if tally.policy.asks_for(fault.rule):
                tally.add(fault, tally.lines)
        tally.records += 1
        if walk.readable:
            for bucket in walk.buckets:
                tally.buckets.setdefault(bucket, tally.lines)
            for subject in walk.contested:
                tally.contest(subject, tally.lines)
            prompt, answer = equality_key(walk.prompt), equality_key(walk.answer or ())
            self._count(line, prompt, answer, sum(map(len, walk.texts)), walk.traits)

    def _count(
        self,
        line: bytes,
        prompt: bytes,
        answer: bytes,
        length: int,
        traits: Iterable[str],
        why: int = _EVERY,
    ) -> None:
        """The numbers of a record whose texts are known."""
        tally = self.tally
        tally.characters += length
        tally.text_bytes += len(prompt) + len(answer)
        bits = length.bit_length()
        tally.histogram[bits] += 1
        if bits > tally.longest[0]:
            tally.longest = (bits, tally.lines)
        tally.trait(traits, tally.lines)
        if tally.lines <= COMPARED:
            tally.prompts.append(self._digest(prompt))
            tally.answers.append(self._digest(answer))
            tally.places.append(tally.lines)
            if tally.policy.thorough:  # reported below
                tally.near_prompts.append(0)
                tally.near_answers.append(0)
        self._look(line, prompt, answer, length, why)

    def _look(
        self,
        line: bytes,
        prompt: bytes,
        answer: bytes,
        length: int,
        why: int,
        counts: Sequence[int] | None = None,
    ) -> None:
        """What only warns, and records that are too long."""
        tally = self.tally
        if why & Why.TOO_LONG and len(prompt) + len(answer) > self._long:
            self._too_long(length, len(prompt) + len(answer))
        if why & Why.UNSEEN and (message := unseen(iter(_pieces(prompt, answer)))):
            tally.add(Fault(UNSEEN, message), tally.lines)
        if not tally.policy.thorough:
            return
        if why & Why.NEAR and tally.lines <= COMPARED:
            tally.near_prompts[-1] = self._digest(near(prompt))
            tally.near_answers[-1] = self._digest(near(answer))
        if why & Why.SCRIPT and sampled(line) and (name := script(line)):
            tally.script(name, tally.lines)
        if not why & Why.PRIVATE:
            return
        found = by_kind(counts) if counts else private(prompt) + private(answer)
        for (kind, rule), count in sorted(found.items()):
            tally.kinds[kind] += count
            times = f", {count} times" if count > 1 else ""
            message = f"looks like {kind}{times}; its value is not shown"
            tally.add(Fault(rule, message), tally.lines)

    def _too_long(self, characters: int, size: int) -> None:
        tokens = self._tokens or 0
        if characters > tokens * _CHARS_PER_TOKEN:
            rule, count, unit = "DS603", characters, "characters"
        else:
            rule, count, unit = "DS604", size, "bytes of text"
        message = f"{count:,} {unit}; this model takes {tokens:,} tokens a record"
        self.tally.add(Fault(rule, message), self.tally.lines)


def equality_key(pieces: Iterable[str]) -> bytes:
    """What equal texts have in common, however they were spelt; marks compare beside them."""
    return "\0".join(MARKED + p if isinstance(p, Mark) else p for p in pieces).encode()


def _pieces(*joined: bytes) -> list[str]:
    """The texts that `key` joined, which hold no zero, without what only compares."""
    pieces = (piece for texts in joined for piece in texts.decode().split("\0"))
    return [piece for piece in pieces if not piece.startswith(MARKED)]


def _trimmed(line: bytes) -> bytes:
    """A line without the Ctrl-Z at its end, nothing when nothing else is in it."""
    body = line.rstrip(b"\r\n")
    rest = body.rstrip(_CTRL_Z)
    return b"" if not rest.strip() else rest + line[len(body) :]


def sampled(line: bytes) -> bool:
    """Whether a line, with its line feed, is one of the eighth whose scripts are counted."""
    text = line[:-1]
    ends = text if len(text) <= 2 * _SAMPLE else text[:_SAMPLE] + text[-_SAMPLE:]
    rest = (len(text) + int.from_bytes(ends, "little")) % ((1 << 64) - 1)
    return rest * _ODD % (1 << 64) >> 61 == 0
