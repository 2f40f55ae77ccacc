"""How far a run has come, from its row in the ledger: for bars, lists and lines of text."""

import json
from collections.abc import Mapping

from tuning.runs.run_states import ENDED, State

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
    "awaiting_approval": "waits for a person",
    "again": "tries once more",
}
# How bad an end is for whoever waits for it: the exit code of `tuning watch` is the worst of all.
_BADNESS: tuple[State, ...] = ("trained", "refused", "stopped", "failed")


def ended(row: Mapping[str, str]) -> bool:
    return row.get("state") in ENDED


def steps(row: Mapping[str, str]) -> int:
    """Of `ALL`."""
    if ended(row):
        return ALL
    progress = _progress(row) or {}
    return max(_STEPS.get(row.get("state", ""), 0), _PHASES.get(progress.get("phase", ""), 0))


def words(row: Mapping[str, str], position: int | None = None) -> str:
    """`queued, queue position 2`; `training, Training (InProgress)`."""
    found = row.get("state", "in no state")
    state = _WORDS.get(found, found)
    if position:
        return f"{state}, queue position {position}"
    looked = _progress(row)
    if looked is None:
        return f"{state}, its progress cannot be read"
    return f"{state}, {looked['phase']} ({looked['status']})" if looked else state


def worst(states: list[str]) -> State | None:
    """Of runs that have ended; None when there are none."""
    return max((s for s in _BADNESS if s in states), key=_BADNESS.index, default=None)


def _progress(row: Mapping[str, str]) -> Mapping[str, str] | None:
    """The last look at the job; empty before there is one, and of a first try in a second. None when
    the record of it cannot be read: one such run must not hide the others of a list.
    """
    if row.get("state") != "training" or "progress" not in row:
        return {}
    try:
        found = json.loads(row["progress"])
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    if found.get("state") == "again":
        return {}
    return found if {"phase", "status"} <= found.keys() else None
