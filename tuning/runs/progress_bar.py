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
    return row["state"] in ENDED


def steps(row: Mapping[str, str]) -> int:
    """Of `ALL`."""
    if ended(row):
        return ALL
    return max(_STEPS.get(row["state"], 0), _PHASES.get(_progress(row).get("phase", ""), 0))


def words(row: Mapping[str, str], place: int | None = None) -> str:
    """`queued, place 2 in line`; `training, Training (InProgress)`."""
    state = _WORDS.get(row["state"], row["state"])
    if place:
        return f"{state}, place {place} in line"
    looked = _progress(row)
    return f"{state}, {looked['phase']} ({looked['status']})" if looked else state


def worst(states: list[str]) -> State | None:
    """Of runs that have ended; None when there are none."""
    return max((s for s in _BADNESS if s in states), key=_BADNESS.index, default=None)


def _progress(row: Mapping[str, str]) -> Mapping[str, str]:
    """The last look at the job; none before there is one, and none of a first try in a second."""
    if row["state"] != "training" or "progress" not in row:
        return {}
    found: dict[str, str] = json.loads(row["progress"])
    return found if found.get("state") != "again" else {}
