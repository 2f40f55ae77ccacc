"""The queue for job slots: who waits, who gets the next free slot, and how long everyone else waits.

An account has so many customization jobs in progress at once, and nothing says how many that are. A run
for which Bedrock had no slot waits with a task token, and costs nothing while it waits. Once a minute a
dispatcher compares the jobs in progress with how many there were when Bedrock last refused one, and
answers the tokens of as many runs as there are slots, in order of arrival. Who has its answer tries, and
goes back to its position when Bedrock is full all the same.

A run joins the queue once Bedrock had no slot for it, or while an earlier one waits: as long as there are
slots there is no queue, however many come at once. Two uploads of the same second go by their run ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import structs

from tuning.runs.ledger_item import Stored
from tuning.runs.times import instant, moment, utc_time

WAITING = "job_slots"
"""What the attribute `queue` of a run says while it waits; the state machine writes it with the token."""
LEFT = ("queue", "slot_token", "queued_at", "refused_at")
"""The fields of a run that waits, which go when it leaves the queue."""
PATIENCE = timedelta(days=7)
"""For so long nobody got a slot: then something is wrong that waiting does not fix."""
MOST_WAITING = 500
"""Behind so many runs none waits: with ten slots and jobs of a day it would be for fifty days."""
SHOWN = 100
"""So many runs, the first of the queue, are considered in a round."""
ASK_AGAIN_SECONDS = 24 * 3600
"""A run that has heard nothing for a day tries by itself: its answer, or the row with its token, may be
lost, and after a rollback nobody answers."""
_DAYS_FROM = 72
_PROBE = timedelta(minutes=30)
"""A full account is tried again after so long, since others' quotas and limits change unseen."""
_UNDER_WAY = timedelta(minutes=15)
"""For so long a run that was answered may take to start its job."""


class QueuedRun(Stored, frozen=True, kw_only=True):
    """A run that waits for a job slot, as the index of the queue has it."""

    slot_token: str
    """Of the task that waits. Anyone who answers it lets the run try."""
    queued_at: str
    """Since when it waits, ISO 8601 in UTC."""
    refused_at: str | None = None
    """When Bedrock last had no slot for it, to the microsecond; None when it only waits behind others."""


class QueueState(Stored, frozen=True, kw_only=True):
    """What the dispatcher remembers from one round to the next; an item of the ledger that is not a run."""

    id: str = "queue#job_slots"
    round_at: str | None = None
    """When the last round was."""
    slots: int | None = None
    """So many jobs were in progress when Bedrock had no slot. None: it always had one."""
    doubted: bool = False
    """Whether Bedrock had no slot although fewer were in progress: one may have ended just then."""
    tried_at: str | None = None
    """When a run of the queue last tried."""
    served_at: str | None = None
    """When a run of the queue last got a slot."""
    answered: Mapping[str, str] | None = None
    """Runs that were let try and are neither back nor gone yet, and when they were answered."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """To the task of one run: there may be a slot for you."""

    run_id: str
    token: str
    last_try: bool
    """Whether the run ends when there is no slot."""

    def to_json(self) -> dict[str, bool]:
        return {"slot": True, "last_try": self.last_try}


def dispatch(
    waiting: Sequence[QueuedRun], state: QueueState, *, jobs: int, now: datetime
) -> tuple[tuple[Answer, ...], QueueState]:
    """Who may try at the moment `now` (aware, UTC), and what to remember until the next round.

    `waiting` are the first runs of the queue, in order; `jobs` is how many are in progress, of anyone.
    """
    seen = _seen(waiting, state, jobs, now)
    under_way = seen.answered or {}
    idle = [run for run in waiting if run.id not in under_way]
    chosen = idle[: _free(seen, jobs, now)]
    impatient = [run for run in idle if _waited(run, seen, now) >= PATIENCE]
    answers = {run.id: _answer(run, last_try=False) for run in chosen}
    answers |= {run.id: _answer(run, last_try=True) for run in impatient}
    at = moment(now)
    after = structs.replace(
        seen,
        round_at=instant(now),
        tried_at=at if answers else seen.tried_at,
        answered={**under_way, **dict.fromkeys(answers, at)},
    )
    return tuple(answers.values()), after


def _answer(run: QueuedRun, *, last_try: bool) -> Answer:
    return Answer(run_id=run.id, token=run.slot_token, last_try=last_try)


def _seen(waiting: Sequence[QueuedRun], state: QueueState, jobs: int, now: datetime) -> QueueState:
    """What became of the runs that were answered, and what that says of the slots."""
    queued = {run.id: run for run in waiting}
    answered = state.answered or {}
    refused = [run for run in waiting if run.refused_at and _newer(run.refused_at, state.round_at)]
    back = {run.id for run in refused}
    served = [run for run in answered if run not in queued]
    fewer = bool(refused) and state.slots is not None and jobs < state.slots
    return structs.replace(
        state,
        slots=_slots(state, jobs, refused=bool(refused), fewer=fewer),
        doubted=fewer and not state.doubted,
        tried_at=moment(now) if refused else state.tried_at,
        served_at=moment(now) if served else state.served_at,
        answered={
            run: at
            for run, at in answered.items()
            if run in queued and run not in back and now - utc_time(at) < _UNDER_WAY
        },
    )


def _slots(state: QueueState, jobs: int, *, refused: bool, fewer: bool) -> int | None:
    """Fewer than before are believed once Bedrock has said so twice in a row. Where there are more than
    was known, how many is not known any more.
    """
    if refused and (not fewer or state.doubted):
        return jobs
    return None if state.slots is None or jobs > state.slots else state.slots


def _newer(at: str, last_round: str | None) -> bool:
    return last_round is None or at > last_round


def _free(state: QueueState, jobs: int, now: datetime) -> int:
    """How many may try. Nobody knows the slots until Bedrock has refused one: then one tries at a time."""
    under_way = len(state.answered or {})
    if state.slots is not None and (free := state.slots - jobs - under_way) > 0:
        return free
    if under_way:
        return 0
    rested = state.tried_at is None or now - utc_time(state.tried_at) >= _PROBE
    return 1 if state.slots is None or rested else 0


def _waited(run: QueuedRun, state: QueueState, now: datetime) -> timedelta:
    """In vain: since it came, or since anyone got a slot."""
    return now - max(utc_time(run.queued_at), utc_time(state.served_at or run.queued_at))


def expected_wait(position: int, *, slots: int | None, max_hours: int) -> str:
    """In words, for the run at that position of the queue, from 1: how long at most, where all jobs ahead
    of it are as long as `max_hours` allows. `slots` are as many as there seem to be; None: not known.
    """
    if not slots:
        return "it is not known how many job slots there are"
    hours = -(-position // slots) * max_hours
    long = f"{hours:,} hours" if hours < _DAYS_FROM else f"{hours // 24:,} days"
    return f"at most {long}, with {slots} job slots and jobs of {max_hours} hours"


def arrival_order(arrived_at: str, run_id: str) -> str:
    """What the queue is sorted by. The ledger's attribute has been called `turn` since its first
    version: it is a key of an index.
    """
    return f"{arrived_at}#{run_id}"
