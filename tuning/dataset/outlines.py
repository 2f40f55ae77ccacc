"""Diagnoses broken lines by their outlines: what all lines with the same slip have in common.

The kernel writes a line's outline, in which each text that says something is a number, and sets the
texts aside (lines.c tells what must stand in it). Whatever `diagnose` finds in the outline, it would find
in the line; so a file with the same fault in every line is diagnosed a handful of times.
"""

import re
from typing import NamedTuple

from tuning.catalog import Method
from tuning.dataset.diagnosis import diagnose
from tuning.dataset.formats.walk import Fault
from tuning.dataset.tally import Policy

_KEPT = 512
_FAULTS = 32
"""Of an outline that is kept: memory stays bounded."""
_NUMBER = re.compile(rb'"t\d{3}[ "]')
_DIGITS = slice(1, 4)
_Pieces = tuple[int | bytes, ...]


class Outline(NamedTuple):
    """What holds of every line with an outline."""

    faults: tuple[Fault, ...]
    """Those that the policy asks for."""
    readable: bool
    prompt: _Pieces
    answer: _Pieces
    traits: frozenset[str]
    whole: bool
    """Whether prompt and answer are all texts in their order, the answer the last."""

    def pieced(self, texts: bytes) -> tuple[bytes, bytes, int]:
        """Prompt and answer, as `key` joins them, and their characters, from all texts of a line."""
        if self.whole:
            prompt, _, answer = texts.rpartition(b"\0")
        else:
            said = texts.split(b"\0")
            prompt, answer = (
                b"\0".join([said[p] if isinstance(p, int) else p for p in pieces])
                for pieces in (self.prompt, self.answer)
            )
        length = len(prompt.decode()) + len(answer.decode())
        joints = max(0, len(self.prompt) - 1) + max(0, len(self.answer) - 1)
        return prompt, answer, length - joints


class Outlines:
    """The outlines met so far in a file, as many as may be kept."""

    def __init__(self, method: Method, policy: Policy) -> None:
        self._method, self._policy = method, policy
        self._known: dict[bytes, Outline] = {}

    def __getitem__(self, outline: bytes) -> Outline:
        if known := self._known.get(outline):
            return known
        found = self._diagnosed(outline)
        if len(found.faults) <= _FAULTS:
            if len(self._known) == _KEPT:
                self._known.clear()
            self._known[outline] = found
        return found

    def _diagnosed(self, outline: bytes) -> Outline:
        walk = diagnose(outline, self._method)
        prompt, answer = _pieces(walk.prompt), _pieces(walk.answer or ())
        texts = len(_NUMBER.findall(outline))
        return Outline(
            faults=tuple(
                fault
                for fault in walk.faults
                if self._policy.thorough or self._policy.severity(fault.rule) == "error"
            ),
            readable=walk.readable,
            prompt=prompt,
            answer=answer,
            traits=frozenset(walk.traits),
            whole=len(answer) == 1 < texts and (*prompt, *answer) == tuple(range(texts)),
        )


def _pieces(said: "list[str] | tuple[()]") -> _Pieces:
    """Each piece as the number of a text, or the blank that stands in the line itself."""
    return tuple(int(p[_DIGITS]) if p.startswith("t") else p.encode() for p in said)
