"""The states of a run in the ledger, and which may follow which. A run goes forward only.

`again` is the one way round: a job that stalled is tried a second time, from the check on.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

State = Literal[
    "received",
    "started",
    "checked",
    "awaiting_approval",
    "authorized",
    "queued",
    "training",
    "again",
    "trained",
    "refused",
    "stopped",
    "failed",
]
STATES: tuple[State, ...] = get_args(State)

EndState = Literal["trained", "refused", "stopped", "failed"]
ENDED: frozenset[EndState] = frozenset(get_args(EndState))
"""Nothing is written over these, but by a step that repeats itself word for word."""

OPEN: frozenset[State] = frozenset(STATES) - ENDED


WITHOUT_JOB: frozenset[State] = OPEN - {"training", "again"}
"""No job was noted yet. One may be starting: it is in the ledger a moment later."""


class Partition(StrEnum):
    """Where the index of open runs keeps a run. One that is settled and notified of is not in it."""

    WORKING = "working"
    QUEUED = "queued"
    """Its machine, of the first version, polls for a job slot."""
    UNNOTIFIED = "unnotified"
    """It has an outcome, which nobody was notified of yet."""


_FORWARD: Mapping[State, frozenset[State]] = {
    "received": frozenset({"started", "checked"}),
    "started": frozenset({"checked"}),
    "checked": frozenset({"awaiting_approval", "authorized"}),
    "awaiting_approval": frozenset({"authorized"}),
    "authorized": frozenset({"queued", "training"}),
    "queued": frozenset({"training"}),
    "training": frozenset({"again"}),
    "again": frozenset({"checked"}),
}

TRANSITIONS: Mapping[State, frozenset[State]] = {
    state: _FORWARD.get(state, frozenset()) | (ENDED if state in OPEN else frozenset())
    for state in STATES
}
"""What may follow each state. Any open run may end in any way: how it ended is known to its
execution, and the ledger, which may lag behind, must not lose it."""


def ended_state(state: State) -> EndState:
    """The same, of a run that has ended. Raises KeyError for the state of an open run."""
    return {each: each for each in ENDED}[state]  # type: ignore[index] # a State, of which it has some


def sources(to: State) -> frozenset[State]:
    """The states that a write to `to` may find: those before it, and itself, for steps that are
    tried again after their answer was lost.
    """
    return frozenset(state for state in STATES if to in TRANSITIONS[state]) | {to}
