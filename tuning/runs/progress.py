"""What one poll of a job finds: its status, whether it must be stopped, whether to try again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from msgspec import structs

from tuning.runs.failures import FAILURE_KINDS, Failure, classify, failure
from tuning.runs.json_record import Record
from tuning.runs.recipes import Limits
from tuning.runs.run import Run
from tuning.runs.times import moment

ProgressState = Literal["in_progress", "overdue", "trained", "failed", "again", "stopped"]
"""`overdue`: the next poll stops the job. `again`: it ended without success, and the recipe has the
run try once more."""

_PHASES = {
    "validationDetails": "Validation",
    "dataProcessingDetails": "DataProcessing",
    "trainingDetails": "Training",
}
# How long Bedrock may take to stop a job is not documented.
_STOPPING = timedelta(hours=6)
_LATEST_POLL = 1800


class Progress(Record, frozen=True, kw_only=True):
    """How far a job is, as one poll has found it."""

    state: ProgressState
    status: str = ""
    """As AWS spells it."""
    phase: str = ""
    """The phase that is running or ran last: Validation, DataProcessing or Training."""
    began: bool = False
    """Whether training has begun, which is what Bedrock bills."""
    failure: Failure | None = None
    """Why the job failed, or why this platform stops it."""
    stopping_since: str | None = None
    pause_seconds: int = 0
    """How long until the next poll is worth its price."""
    next_run: Mapping[str, Any] | None = None
    """The run as it goes on, of state `again` only."""

    @property
    def must_be_stopped(self) -> bool:
        return self.state == "in_progress" and self.status == "InProgress" and bool(self.failure)


def polled(job: Mapping[str, Any], run: Run, *, before: Progress | None, now: datetime) -> Progress:
    """What a GetModelCustomizationJob answer means at the moment `now` (aware, UTC).

    A job may sit InProgress for days without a word and without a failureMessage, so one whose
    training does not begin, or that never ends, is stopped. The reason is recorded one poll before it is
    done: a function that dies in between leaves a reason behind, and not a job that "someone" stopped.
    """
    details = job.get("statusDetails", {})
    seen = Progress(
        state="in_progress",
        status=job["status"],
        phase=_phase(details),
        began=_began(details, before),
        failure=before.failure if before else None,
        stopping_since=before.stopping_since if before else None,
    )
    match seen.status:
        case "Completed":
            return structs.replace(seen, state="trained", failure=None)
        case "Failed":
            words = classify(job.get("failureMessage") or "Bedrock gave no failureMessage")
            return _ended(structs.replace(seen, failure=words), run)
        case "Stopped":
            return _ended(seen, run) if seen.failure else structs.replace(seen, state="stopped")
        case _:
            return _in_progress(seen, job, run.recipe.limits, now)


def _in_progress(seen: Progress, job: Mapping[str, Any], limits: Limits, now: datetime) -> Progress:
    if seen.failure is None and seen.status == "InProgress":
        if late := _overdue(job, seen, limits, now):
            return structs.replace(seen, state="overdue", failure=late)
        return structs.replace(
            seen, pause_seconds=_pause(now - job["creationTime"].astimezone(UTC))
        )
    since = seen.stopping_since or moment(now)
    if now - datetime.fromisoformat(since) > _STOPPING:
        hours = int(_STOPPING.total_seconds()) // 3600
        words = f"The job was asked to stop {hours} hours ago, and is still {seen.status}."
        return structs.replace(seen, state="failed", failure=failure("stop_stuck", words))
    stopping = now - datetime.fromisoformat(since)
    return structs.replace(seen, stopping_since=since, pause_seconds=_pause(stopping))


def _pause(waited: timedelta) -> int:
    """What one waits for is noticed at most a twentieth of the waiting too late, and half an hour.

    Each poll is three transitions of the state machine, and they are most of what a run costs beside
    Bedrock's price: see docs/reliability.md.
    """
    return min(_LATEST_POLL, int(waited.total_seconds()) // 20)


def _ended(seen: Progress, run: Run) -> Progress:
    """Without success. A second job starts only where the first was not billed for training."""
    assert seen.failure  # noqa: S101 — its callers have one
    if run.tries_again and FAILURE_KINDS[seen.failure.kind].passes and not seen.began:
        return structs.replace(seen, state="again", next_run=run.again().to_dict())
    return structs.replace(seen, state="failed")


def _phase(details: Mapping[str, Any]) -> str:
    started = [
        name
        for key, name in _PHASES.items()
        if details.get(key, {}).get("status", "NotStarted") != "NotStarted"
    ]
    return started[-1] if started else "Validation"


def _began(details: Mapping[str, Any], before: Progress | None) -> bool:
    """Which sub-status a training that never began has in a job that was stopped is not documented;
    then what was seen before counts.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_TrainingDetails.html
    """
    status = details.get("trainingDetails", {}).get("status")
    return status in ("InProgress", "Completed", "Failed") or (before is not None and before.began)


def _overdue(
    job: Mapping[str, Any], seen: Progress, limits: Limits, now: datetime
) -> Failure | None:
    """Nothing says that AWS renews `lastModifiedTime` while a training lasts, so that a large but
    sound job would seem to make no progress; once it has begun only the limit of all hours holds.
    """
    details = job.get("statusDetails", {}).values()
    moments = [job["creationTime"], *(d.get("lastModifiedTime") for d in details)]
    moved = max(m.astimezone(UTC) for m in moments if m)
    if now - job["creationTime"].astimezone(UTC) > timedelta(hours=limits.max_hours):
        kind, why = "over_time", f"in progress for more than {limits.max_hours} hours"
    elif now - moved > timedelta(hours=limits.stall_hours) and not seen.began:
        hours = f"{limits.stall_hours} hours, with training not begun"
        kind, why = "stalled", f"without a change of sub-status for {hours}"
    else:
        return None
    return failure(kind, f"The job was {why} (the recipe's limit) and was stopped.")
