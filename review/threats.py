"""The threat model, read from its tables in `docs/security.md`: what people read is what is held."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ROW = re.compile(r"^\| ([TCR]\d\d) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"\[(\w+)\]\((?:\.\./)?([\w/.]+\.py)\)")
_ID = re.compile(r"\b[CR]\d\d\b")

APPLICABLE = {"people": "SR", "process": "STRIDE", "store": "TRID", "flow": "TID"}
"""Which kinds of STRIDE an element can suffer, by what it is."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    name: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Threat:
    id: str
    element: str
    kind: str
    """A letter of STRIDE."""
    text: str
    answers: tuple[str, ...]
    """Ids of controls and of what remains."""


@dataclass(frozen=True, kw_only=True)
class Control:
    id: str
    text: str
    tests: tuple[Proof, ...]


@dataclass(frozen=True, kw_only=True)
class Risk:
    id: str
    text: str
    owner: str


@dataclass(frozen=True, kw_only=True)
class ThreatModel:
    threats: tuple[Threat, ...]
    controls: tuple[Control, ...]
    risks: tuple[Risk, ...]
    mapped: frozenset[str]
    """Every id that any text of the page names."""


def threat_model(page: str) -> ThreatModel:
    rows = [(row[1], row[2].split(" | ")) for row in _ROW.finditer(page)]
    return ThreatModel(
        threats=tuple(_threats(rows)),
        controls=tuple(
            Control(id=id_, text=cells[0], tests=tuple(_tests(cells[1])))
            for id_, cells in rows
            if id_[0] == "C"
        ),
        risks=tuple(
            Risk(id=id_, text=cells[0], owner=cells[1]) for id_, cells in rows if id_[0] == "R"
        ),
        mapped=frozenset(_ID.findall(page)),
    )


def _threats(rows: list[tuple[str, list[str]]]) -> Iterator[Threat]:
    for id_, cells in rows:
        if id_[0] == "T":
            element, kind, text, answer = cells
            answers = tuple(_ID.findall(answer))
            yield Threat(id=id_, element=element, kind=kind, text=text, answers=answers)


def _tests(cell: str) -> Iterator[Proof]:
    return (Proof(name=name, path=path) for name, path in _TEST.findall(cell))
