"""Reads a dataset line by line: sound lines fast, unsound ones exactly."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from xxhash import xxh3_64_intdigest

from tuning.catalog import Method
from tuning.dataset.diagnosis import diagnose
from tuning.dataset.fast import accepter
from tuning.dataset.formats.walk import Fault, Mark, Walk
from tuning.dataset.opening import DAMAGED, Opened, damaged
from tuning.dataset.privacy import private
from tuning.dataset.quality import script
from tuning.dataset.tally import COMPARED, Policy, Tally

MAX_LINE = 4 << 20
"""Bytes. Longer lines are no records: 32,000 tokens need at most 2.3 MB, all in \\u escapes."""
_CHARS_PER_TOKEN = 6  # the service's own bound, see catalog: dataset_limits
_PLAIN_END = b"}\n"
_SAMPLED = 8  # one record in so many tells the scripts; which ones depends on their bytes alone
_BYTES_PER_TOKEN = 4  # an estimate: English is about 4, most scripts less


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(slots=True)
class Copy:
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
        self._accept = accepter(method, thorough=policy.thorough)
        self._copy: Copy | None = None
        tokens = method.max_tokens_per_record
        self._tokens = tokens
        self._long = tokens * _BYTES_PER_TOKEN if tokens else 1 << 62

    def scan(self, source: Opened, copy: Copy | None = None, size: int = 1 << 62) -> Tally:
        """Read `size` bytes of lines, or all."""
        tally, self._copy = self.tally, copy
        tally.repairs.update(source.repairs)
        if source.hopeless:
            tally.add(source.hopeless, None)
        elif source.document:
            tally.add(Fault("DS207", "one JSON document over several lines, not JSON Lines"), 1)
        else:
            try:
                self._lines(source.stream.readline, size)
            except DAMAGED:
                tally.add(damaged(), tally.lines + 1)
        return tally

    def _lines(self, readline: Callable[[int], bytes], size: int) -> None:
        # One long loop with everything in local names: at three microseconds a record, calls and
        # attributes are what costs.
        tally, accept, copy, long = self.tally, self._accept, self._copy, self._long
        number = read = records = characters = text_bytes = 0
        top = tally.longest[0]
        histogram, parts_seen, thorough = tally.histogram, tally.traits, tally.policy.thorough
        prompts, answers, places = tally.prompts.append, tally.answers.append, tally.places.append
        while read < size and (line := readline(MAX_LINE)):
            number += 1
            read += len(line)
            if not line.endswith(_PLAIN_END):
                tally.lines, tally.size = number, read
                line = self._mended(line, readline)
                read = tally.size
            if copy and line and not line.isspace():
                copy.write(line)
            if (found := accept(line)) is None:
                tally.lines = number
                self._unsound(line)
                continue
            prompt, answer, length, parts = found
            octets = len(prompt) + len(answer)
            records += 1
            characters += length
            text_bytes += octets
            bits = length.bit_length()
            histogram[bits] += 1
            if bits > top and bits > tally.longest[0]:
                top, tally.longest = bits, (bits, number)
            if (seen := parts_seen.get(parts)) is None:
                seen = parts_seen[parts] = [0, number]
            seen[0] += 1
            if number <= COMPARED:
                prompts(xxh3_64_intdigest(prompt))
                answers(xxh3_64_intdigest(answer))
                places(number)
            if octets > long or thorough:
                tally.lines = number
                self._look(line, prompt, answer, length)
        tally.lines, tally.size = number, read
        tally.records += records
        tally.characters += characters
        tally.text_bytes += text_bytes

    def _mended(self, line: bytes, readline: Callable[[int], bytes]) -> bytes:
        """The line with its plain end; or nothing, for a line too long to be a record."""
        if line.endswith(b"\r\n"):
            self.tally.repairs["crlf"] += 1
            return line[:-2] + b"\n"
        if line.endswith(b"\n"):
            return line
        if len(line) < MAX_LINE:
            self.tally.repairs["final_newline"] += 1
            return line + b"\n"
        size = len(line)
        while line[-1:] not in (b"\n", b"") and (line := readline(MAX_LINE)):
            size += len(line)
        self.tally.size += size - MAX_LINE
        message = f"{size:,} bytes; no record is longer than {MAX_LINE:,}"
        self.tally.add(Fault("DS108", message), self.tally.lines)
        self.tally.records += 1
        return b""

    def _unsound(self, line: bytes) -> None:
        if not line:
            return
        if line.isspace():
            self.tally.repairs["blank_line"] += 1
            return
        walk = diagnose(line, self._method)
        for fault in walk.faults:
            self.tally.add(fault, self.tally.lines)
        self.tally.records += 1
        if walk.readable:
            self._count(walk, line)

    def _count(self, walk: Walk, line: bytes) -> None:
        """The numbers of a record that was read the exact way."""
        tally = self.tally
        for bucket in walk.buckets:
            tally.buckets.setdefault(bucket, tally.lines)
        prompt, answer = key(walk.prompt), key(walk.answer or ())
        length, octets = sum(map(len, walk.texts)), len(prompt) + len(answer)
        tally.characters += length
        tally.text_bytes += octets
        bits = length.bit_length()
        tally.histogram[bits] += 1
        if bits > tally.longest[0]:
            tally.longest = (bits, tally.lines)
        tally.trait(walk.traits, tally.lines)
        if tally.lines <= COMPARED:
            tally.prompts.append(xxh3_64_intdigest(prompt))
            tally.answers.append(xxh3_64_intdigest(answer))
            tally.places.append(tally.lines)
        self._look(line, prompt, answer, length)

    def _look(self, line: bytes, prompt: bytes, answer: bytes, length: int) -> None:
        """What only warns, and records that are too long."""
        tally = self.tally
        if len(prompt) + len(answer) > self._long:
            self._too_long(length, len(prompt) + len(answer))
        if not tally.policy.thorough:
            return
        if not xxh3_64_intdigest(line) % _SAMPLED and (name := script(line)):
            tally.scripts.setdefault(name, [0, tally.lines])[0] += 1
        for (kind, rule), count in (private(prompt) + private(answer)).items():
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


def key(pieces: Iterable[str]) -> bytes:
    """What equal texts have in common, however they were spelt; marks compare beside them."""
    return "\0".join("\2" + p if isinstance(p, Mark) else p for p in pieces).encode()
