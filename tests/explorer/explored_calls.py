"""The calls of a history, which faults strike."""

from dataclasses import dataclass
from typing import Any

from granted import THE_MACHINE

CallKind = tuple[str, str, str]
"""Who calls which operation of which service."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a history: who made it, and where the schedule may strike."""

    number: int
    who: str
    service: str
    operation: str
    place: int
    """Which call of its invocation it is, from 1."""
    situation: tuple[frozenset[Any], ...]
    """The states in which there are rows and jobs when it is made; of an undisturbed history only."""

    @property
    def of_a_handler(self) -> bool:
        return self.who != THE_MACHINE

    @property
    def kind(self) -> CallKind:
        return self.who, self.service, self.operation

    @property
    def alike(self) -> tuple[Any, ...]:
        """What it has in common with the calls of which it is a repetition, such as of a later poll."""
        return self.kind, self.place, self.situation
