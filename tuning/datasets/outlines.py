"""Diagnoses broken lines by their outlines: what all lines with the same slip have in common.

The kernel writes a line's outline, in which each text that says something is a number, and sets the
texts aside (lines.c says what must be in it). Whatever `diagnose` finds in the outline, it would find
in the line; so a file with the same fault in every line is diagnosed a handful of times.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from tuning.datasets import kernel
from tuning.datasets.formats.walk import Fault, Mark, mark
from tuning.datasets.same import MARKED
from tuning.datasets.tally import Policy, Tally
from tuning.models.catalog import Method

_KEPT, _BYTES = 512, 4 << 20
"""How many outlines are kept, and what they may take together."""
_LONGEST = 1 << 17
"""Bytes. Longer ones are hardly those of many lines."""
_FAULTS = 32
"""Of an outline that is kept: memory stays bounded."""
_DIGITS = slice(1, 1 + kernel.WIDTH)
_SPACES = {0x2000 + n: str(n) for n in range(10)}
"""What the number of a blank text is written in."""
_RAW = b"\3"
_BLOCK = re.compile(rb"\x01(\d{%d})" % kernel.WIDTH)
"""Before a block that is no text: which text it compares by."""
_TOOLS = re.compile(rb"\x02(\d{%d})([0-9a-f]{32})?" % kernel.WIDTH)
"""Before the tools, or with digests in place of them: the text that they are."""


class Outline(NamedTuple):
    """What holds of every line with an outline."""

    faults: tuple[Fault, ...]
    """Those that the policy asks for."""
    readable: bool
    prompt: Sequence[int]
    """The pieces of the prompt, each as the number of a text."""
    answer: Sequence[int]
    traits: frozenset[str]
    marks: frozenset[int] = frozenset()
    """Which of the texts only compare, such as a tool use."""
    contested: frozenset[str] = frozenset()

    def pieced(self, texts: bytes) -> tuple[bytes, bytes, int]:
        """Prompt and answer, as `key` joins them, and their characters, from all texts of a line."""
        said = [comparable(text) for text in texts.split(b"\0")]
        prompt, answer = (
            b"\0".join([said[n] for n in pieces]) for pieces in (self.prompt, self.answer)
        )
        words = (said[n] for n in (*self.prompt, *self.answer) if n not in self.marks)
        return prompt, answer, sum(len(word.decode()) for word in words)

    def listed(self, tally: Tally) -> bool:
        """Whether no fault of such a line has to be listed any more."""
        counts, enough = tally.counts, tally.policy.listed
        return all(counts[fault.rule] >= enough for fault in self.faults)


def comparable(text: bytes) -> bytes:
    """A text of the kernel's as it compares: it leaves numbers as they are written, where `mark` does not."""
    if not text.startswith(_RAW):
        return text.replace(kernel.NUL, b"\0")
    return MARKED.encode() + mark(json.loads(text[1:])).encode()


class Outlines:
    """The outlines met so far in a file, as many as may be kept."""

    def __init__(self, method: Method, policy: Policy) -> None:
        self._method, self._policy = method, policy
        self._known: dict[bytes, Outline | None] = {}
        self._size = 0
        self.again = False
        """Whether the outline that was asked for last had been met before, as those of one line never are."""

    def recognised(
        self, outline: bytes, texts: bytes, enough: frozenset[str] = frozenset()
    ) -> Outline | None:
        """What holds of a line with that outline and its texts; None when the line itself decides."""
        self.again = outline in self._known
        if self.again:
            return self._known[outline]
        found = self._diagnosed(outline, texts, enough)
        few = found is None or len(found.faults) <= _FAULTS
        if few and len(outline) <= _LONGEST:
            if len(self._known) == _KEPT or self._size + len(outline) > _BYTES:
                self._known.clear()
                self._size = 0
            self._known[outline] = found
            self._size += len(outline)
        return found

    def _diagnosed(self, outline: bytes, texts: bytes, enough: frozenset[str]) -> Outline | None:
        from tuning.datasets.diagnosis import diagnose  # noqa: PLC0415 — sound files do without

        written = texts.split(b"\0")
        tools = [int(at[1]) for at in _TOOLS.finditer(outline)]
        marks = [*tools, *map(int, _BLOCK.findall(outline))]
        line = _BLOCK.sub(b"", outline)
        if tools:
            line = _TOOLS.sub(lambda at: written[int(at[1])][1:] if at[2] else b"", line)
        walk = diagnose(line, self._method, enough)
        said = [*walk.prompt, *(walk.answer or ())]
        pieces = _numbers(said, written, marks) if walk.readable else []
        if pieces is None:
            return None
        faults = tuple(fault for fault in walk.faults if self._policy.asks_for(fault.rule))
        prompt, answer = pieces[: len(walk.prompt)], pieces[len(walk.prompt) :]
        return Outline(
            faults,
            walk.readable,
            prompt,
            answer,
            frozenset(walk.traits),
            frozenset(marks),
            frozenset(walk.contested),
        )


def _numbers(said: list[str], texts: list[bytes], marks: list[int]) -> list[int] | None:
    """Which of the texts each piece is; None when that cannot be determined."""
    found = sum(isinstance(piece, Mark) for piece in said)
    if found != len(marks) or ("" in said and b"" not in texts):
        return None
    following, empty = iter(marks), texts.index(b"") if "" in said else 0
    return [next(following) if isinstance(p, Mark) else _number(p, empty) for p in said]


def _number(piece: str, empty: int) -> int:
    """Which text a piece of an outline is; an empty one is any of those."""
    if not piece:
        return empty
    return int(piece[_DIGITS] if piece.startswith("t") else piece.translate(_SPACES))
