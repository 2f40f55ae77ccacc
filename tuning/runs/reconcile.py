"""Runs, executions and jobs that lost each other: facts in, what is to be done out.

Nothing here ends a run, settles it or sends its notice by itself: an execution does, that takes the run up
where it was left. Every step of the machine may be done twice, so an execution with the run's input
finds its copy, its claim and its job again. A job that no run follows any more is stopped.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tuning.runs.customization_job import Job
from tuning.runs.failures import failure
from tuning.runs.outcome import Charge, Outcome
from tuning.runs.rebuild import Execution, execution_name
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import ended_state
from tuning.runs.times import utc_time

_GRACE = timedelta(minutes=15)
"""What is younger is not lost yet: DescribeExecution and indexes lag, and queues try again."""
_LONGEST = timedelta(days=1)
_MOST = 3
"""How often a run is taken up before it is given up."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All that is left of a run."""

    run_id: str
    record: RunRecord | None
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
    """Facts into the record. `close` takes it out of the index of open runs."""

    facts: Mapping[str, Any]
    close: bool = False


@dataclass(frozen=True, kw_only=True)
class Settle:
    charge: Charge


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """The row is lost."""


@dataclass(frozen=True, kw_only=True)
class Escalate:
    """What this platform cannot heal: an alarm fires as long as it is said."""

    why: str


Action = Start | Stop | Write | Settle | Rebuild | Escalate


def decide(trace: Trace, now: datetime) -> tuple[Action, ...]:
    """What is to be done about a run at the moment `now` (aware, UTC), in this order."""
    record, execution = trace.record, trace.execution
    if record is None:
        return tuple(_unknown(trace))
    if execution and execution.runs:
        return ()
    return tuple(_ended(trace, record, now) if record.ended else _open(trace, record, now))


def _unknown(trace: Trace) -> Iterator[Action]:
    if trace.execution:
        yield Rebuild()
        return
    why = f"nothing is known about run {trace.run_id}, whose tag it has"
    yield from _stops(trace.jobs, why)
    yield Escalate(why=f"a job was in progress, and {why}")


def _open(trace: Trace, record: RunRecord, now: datetime) -> Iterator[Action]:
    """No execution follows the run, and its outcome is not recorded."""
    execution = trace.execution
    name, taken = _following(trace, record, execution)
    since = (execution and execution.stopped_at) or _last_sign(record)
    if now - since < _pause(taken):
        return
    given = execution.given if execution else record.run
    if given is None:
        yield from _stops(trace.jobs, "its run is lost")
        yield Escalate(why="neither its row nor an execution knows what the run was to do")
        return
    if taken > _MOST:
        yield Escalate(why=f"{taken} executions have not completed the run")
    outcome = execution.outcome if execution else None
    if execution and outcome and execution.not_reported:
        yield Start(name=name, given=_end(given, outcome), why="its outcome was not reported")
    elif taken >= _MOST:
        yield from _stops(trace.jobs, "its run could not be followed")
        last = record.last_execution
        why = failure("lost", f"Its execution was lost {taken} times; the last was {last}.")
        end = Outcome(state="failed", summary=why.message, kind=why.kind, fix=why.fix, unsure=True)
        yield Start(name=name, given=_end(given, end), why="it is given up")
    else:
        if execution and execution.status == "ABORTED":
            yield Write(facts={"stop_asked": f"anyone who stopped the execution {execution.name}"})
        yield Start(name=name, given=_taken_up(given, record), why=_lost(execution))


def _ended(trace: Trace, record: RunRecord, now: datetime) -> Iterator[Action]:
    """The outcome stays. What is left of the run is brought to an end as well."""
    execution, ended_at = trace.execution, utc_time(record.ended_at or record.arrived_at)
    if now - ended_at < _GRACE:
        return
    name, taken = _following(trace, record, execution)
    given = execution.given if execution else record.run
    if going := [job for job in trace.jobs if not job.ended]:
        yield from _stops(going, f"its run has ended, {record.state}")
        if given and any(job.status == "InProgress" for job in going):
            words = f"Its job {going[0].name} was still in progress, and was asked to stop."
            yield _report(name, given, record, summary=words)
        return
    if execution and execution.not_reported and given and record.outcome:
        if taken >= _MOST:
            yield Escalate(why=f"its outcome could not be reported in {taken} executions")
        if now - (execution.stopped_at or ended_at) >= _pause(taken):
            yield Start(name=name, given=_end(given, record.outcome), why="nobody was notified")
        return
    yield from _left(name, given, record, trace.jobs)


def _left(
    name: str, given: Mapping[str, Any] | None, record: RunRecord, jobs: Iterable[Job]
) -> Iterator[Action]:
    """The outcome is reported, and no job is in progress."""
    if record.reservation and not record.settlement:
        yield Settle(charge=record.outcome.charge if record.outcome else "unknown")
    model = next((job.model_arn for job in jobs if job.model_arn), None)
    if model and not record.model_arn:
        words = f"Its job had completed anyway, and made a model: {model}"
        if given:
            yield _report(name, given, record, summary=words, model=model)
        yield Write(facts={"model_arn": model})
    elif record.open:
        yield Write(facts={}, close=True)


def _report(name: str, given: Mapping[str, Any], record: RunRecord, **facts: Any) -> Start:
    """An execution that settles what is left, and notifies. It leaves the record of a run that has
    ended as it is.
    """
    end = Outcome(state=ended_state(record.state), **facts)
    return Start(name=name, given=_end(given, end), why="something is to be reported")


def _stops(jobs: Iterable[Job], why: str) -> Iterator[Stop]:
    yield from (Stop(job_arn=job.arn, why=why) for job in jobs if job.status == "InProgress")


def _following(trace: Trace, record: RunRecord, execution: Execution | None) -> tuple[str, int]:
    """The name of the next execution, the same for every caller, and how many have gone before."""
    if execution is None and record.state == "received":
        return trace.run_id, 0
    taken = int(record.last_execution.partition("-")[2] or 1)
    return execution_name(trace.run_id, taken + 1), taken


def _last_sign(record: RunRecord) -> datetime:
    """The latest moment of which the row says that an execution followed the run, else its upload: one that was
    received late is old when it begins, and DescribeExecution may not know its execution yet.
    """
    if (
        record.state == "received"
    ):  # no second execution can come of it: the next bears the run's own name
        return utc_time(record.arrived_at)
    signs = (record.begun_at, record.approval_asked_at, record.queued_at, record.refused_at)
    return max(utc_time(each) for each in (record.arrived_at, *signs) if each)


def _pause(taken: int) -> timedelta:
    """Doubled by every execution after the first."""
    pause = _GRACE
    for _ in range(taken - 1):
        pause = min(pause * 2, _LONGEST)
    return pause


def _taken_up(given: Mapping[str, Any], record: RunRecord) -> dict[str, Any]:
    """The run as it is now: on its second try, once the first one's job has ended."""
    run, progress = _plain(given), record.progress
    if progress and progress.state == "again" and progress.next_run:
        return dict(progress.next_run)
    if record.attempt == 2 and run.get("attempt") != 2:  # noqa: PLR2004 — the second try
        run = Run.from_dict(run).again().to_dict()
    return {**run, "progress": progress.to_json()} if progress else run


def _end(given: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    return {**_plain(given), "outcome": outcome.to_json(), "charge": outcome.charge}


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in given.items() if k not in ("outcome", "charge", "progress")}


def _lost(execution: Execution | None) -> str:
    return f"its execution is {execution.status}" if execution else "it has no execution"
