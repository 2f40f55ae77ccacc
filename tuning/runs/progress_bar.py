"""How far a run has come, from its record in the ledger: for bars, lists and lines of text."""

from collections.abc import Mapping

from tuning.runs.progress import Progress
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import State

ALL = 12
"""Steps of a whole run, for a bar; they say what has been done, not how long the rest takes."""

_STEPS: Mapping[str, int] = {
    "received": 1,
    "started": 2,
    "again": 3,
    "checked": 4,
    "awaiting_approval": 4,
    "authorized": 5,
    "queued": 5,
    "training": 6,
}
_PHASES: Mapping[str, int] = {"Validation": 7, "DataProcessing": 8, "Training": 10}
_WORDS: Mapping[str, str] = {
    "awaiting_approval": "waits for approval",
    "again": "tries once more",
}
# How bad an end is for anyone who waits for it: the exit code of `tuning watch` is the worst of all.
_BADNESS: tuple[State, ...] = ("trained", "refused", "stopped", "failed")


def steps(record: RunRecord) -> int:
    """Of `ALL`."""
    if record.ended:
        return ALL
    reached, polled = _STEPS[record.state], _progress(record)
    return _PHASES.get(polled.phase, reached) if polled else reached


def words(record: RunRecord, position: int | None = None) -> str:
    """`queued, position 2`; `training, Training (InProgress)`."""
    state = _WORDS.get(record.state, record.state)
    if record.state == "started" and record.waits_until:
        return f"waits for other uploads until {record.waits_until}"
    if position:
        return f"{state}, position {position}"
    polled = _progress(record)
    return f"{state}, {polled.phase} ({polled.status})" if polled else state


def worst_state(states: list[str]) -> State | None:
    """Of runs that have ended; None when there are none."""
    return max((s for s in _BADNESS if s in states), key=_BADNESS.index, default=None)


def _progress(record: RunRecord) -> Progress | None:
    """The last poll of the job; None before there is one, and of a first try in a second."""
    polled = record.progress if record.state == "training" else None
    return polled if polled and polled.state != "again" else None
