"""Runs, executions and jobs that lost each other: facts in, what is to be done out.

Nothing here ends a run, settles it or tells of it by itself: an execution does, that takes the run up
where it was left. Every step of the machine may be done twice, so an execution with the run's input
finds its copy, its claim and its job again. A job that no run follows any more is stopped.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tuning.runs.budget import Charge
from tuning.runs.failures import failure
from tuning.runs.machine_states import OUTCOME_NOT_REPORTED
from tuning.runs.rebuild import Execution, Job
from tuning.runs.run import Run
from tuning.runs.run_states import ENDED

GRACE = timedelta(minutes=15)
"""What is younger is not lost yet: DescribeExecution and indexes lag, and queues try again."""
_LONGEST = timedelta(days=1)
_MOST = 3
"""How often a run is taken up before it is given up."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All that is left of a run."""

    run_id: str
    row: Mapping[str, str] | None
    execution: Execution | None
    """The newest; None when AWS does not know it."""
    jobs: tuple[Job, ...] = ()
    """Those in progress that bear its tag; of a run that has ended, those of its name as well."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """An execution that takes the run up."""

    name: str
    given: Mapping[str, Any] = field(repr=False)
    why: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    job_arn: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Write:
    """Facts into the row. `close` takes it out of the index of what is open."""

    facts: Mapping[str, str]
    close: bool = False


@dataclass(frozen=True, kw_only=True)
class Settle:
    charge: Charge


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """The row is lost."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What this platform cannot heal: an alarm rings as long as it is said."""

    why: str


Action = Start | Stop | Write | Settle | Rebuild | Report


def run_of(execution: str) -> str:
    """Whose an execution of this name is."""
    return execution.partition("-")[0]


def decide(trace: Trace, now: datetime) -> tuple[Action, ...]:
    """What is to be done about a run at the moment `now` (aware, UTC), in this order."""
    row, execution = trace.row, trace.execution
    if row is None:
        return tuple(_unknown(trace))
    if execution and execution.runs:
        return ()
    return tuple(_ended(trace, row, now) if row["state"] in ENDED else _open(trace, row, now))


def _unknown(trace: Trace) -> Iterator[Action]:
    if trace.execution:
        yield Rebuild()
        return
    why = f"nothing is known of run {trace.run_id}, whose tag it bears"
    yield from _stops(trace.jobs, why)
    yield Report(why=f"a job was in progress, and {why}")


def _open(trace: Trace, row: Mapping[str, str], now: datetime) -> Iterator[Action]:
    """No execution follows the run, and its end is not recorded."""
    execution = trace.execution
    name, taken = _following(trace, row, execution)
    last = row.get("execution", trace.run_id)
    since = (execution and execution.stopped_at) or _moment(row["arrived_at"])
    if now - since < _pause(taken):
        return
    given = execution.given if execution else _object(row.get("run"))
    if given is None:
        yield from _stops(trace.jobs, "its run is lost")
        yield Report(why="neither its row nor an execution knows what the run was to do")
        return
    if taken > _MOST:
        yield Report(why=f"{taken} executions have not brought the run to its end")
    outcome = execution.outcome if execution else None
    if execution and outcome and execution.error == OUTCOME_NOT_REPORTED:
        yield Start(name=name, given=_end(given, outcome), why="its outcome was not told")
    elif taken >= _MOST:
        yield from _stops(trace.jobs, "its run could not be followed")
        why = failure("lost", f"Its execution was lost {taken} times; the last was {last}.")
        told = {"summary": why.message, "kind": why.kind, "fix": why.fix}
        end = {"state": "failed", **told, "unsure": True}
        yield Start(name=name, given=_end(given, end), why="it is given up")
    else:
        if execution and execution.status == "ABORTED":
            yield Write(facts={"stop_asked": f"whoever stopped the execution {execution.name}"})
        yield Start(name=name, given=_taken_up(given, row), why=_lost(execution))


def _ended(trace: Trace, row: Mapping[str, str], now: datetime) -> Iterator[Action]:
    """The end stays. What is left of the run is brought to an end as well."""
    execution = trace.execution
    if now - _moment(row["ended_at"]) < GRACE:
        return
    name, taken = _following(trace, row, execution)
    given = execution.given if execution else _object(row.get("run"))
    if going := [job for job in trace.jobs if not job.ended]:
        yield from _stops(going, f"its run has ended, {row['state']}")
        if given and any(job.status == "InProgress" for job in going):
            words = f"Its job {going[0].name} was in progress still, and was told to stop."
            yield _tell(name, given, {"state": row["state"], "summary": words})
        return
    if execution and execution.error == OUTCOME_NOT_REPORTED and given:
        if taken >= _MOST:
            yield Report(why=f"its outcome could not be told in {taken} executions")
        since = execution.stopped_at or _moment(row["ended_at"])
        if now - since >= _pause(taken):
            yield _tell(name, given, json.loads(row["outcome"]))
        return
    yield from _left(name, given, row, trace.jobs)


def _left(
    name: str, given: Mapping[str, Any] | None, row: Mapping[str, str], jobs: Iterable[Job]
) -> Iterator[Action]:
    """The end is told, and no job is in progress."""
    if "claim" in row and "settled" not in row:
        yield Settle(charge=json.loads(row["outcome"]).get("charge", "unknown"))
    model = next((job.model_arn for job in jobs if job.model_arn), None)
    if model and "model_arn" not in row:
        words = f"Its job had completed all the same, and made a model: {model}"
        if given:
            yield _tell(name, given, {"state": row["state"], "summary": words, "model": model})
        yield Write(facts={"model_arn": model})
    elif "open" in row:
        yield Write(facts={}, close=True)


def _tell(name: str, given: Mapping[str, Any], outcome: Mapping[str, Any]) -> Start:
    """An execution that settles what is left, and tells. A row that has ended it leaves alone."""
    return Start(name=name, given=_end(given, outcome), why="something is to be told")


def _stops(jobs: Iterable[Job], why: str) -> Iterator[Stop]:
    yield from (Stop(job_arn=job.arn, why=why) for job in jobs if job.status == "InProgress")


def _following(
    trace: Trace, row: Mapping[str, str], execution: Execution | None
) -> tuple[str, int]:
    """The name of the next execution, the same whoever asks, and how many have gone before."""
    if execution is None and row["state"] == "received":
        return trace.run_id, 0
    last = row.get("execution", trace.run_id)
    taken = int(last.partition("-")[2] or 1)
    return f"{trace.run_id}-{taken + 1}", taken


def _pause(taken: int) -> timedelta:
    doubled: int = 2 ** min(max(taken - 1, 0), 10)
    return min(GRACE * doubled, _LONGEST)


def _taken_up(given: Mapping[str, Any], row: Mapping[str, str]) -> dict[str, Any]:
    """The run as it stands: on its second try, once the first one's job has ended."""
    run = _plain(given)
    progress = _object(row.get("progress")) or {}
    if progress.get("state") == "again":
        return dict(progress["next_run"])
    if row.get("attempt") == "2" and run.get("attempt") != 2:  # noqa: PLR2004 — the second try
        run = Run.from_dict(run).again().to_dict()
    return {**run, "progress": progress} if progress else run


def _end(given: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
    return {**_plain(given), "outcome": outcome, "charge": outcome.get("charge", "unknown")}


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in given.items() if k not in ("outcome", "charge", "progress")}


def _lost(execution: Execution | None) -> str:
    return f"its execution is {execution.status}" if execution else "it has no execution"


def _object(text: str | None) -> dict[str, Any] | None:
    found = json.loads(text) if text else None
    return found if isinstance(found, dict) else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
