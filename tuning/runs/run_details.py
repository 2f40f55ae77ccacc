"""All that is known of a run, put together from what AWS keeps of it: the ledger's record, the steps of
its execution, its job. Any of them may be gone; what is left is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tuning.runs.failures import FAILURE_KINDS
from tuning.runs.job_queue import expected_wait
from tuning.runs.json_record import json_value as to_json
from tuning.runs.money_records import Charged, PriceRange
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress_bar import words
from tuning.runs.run_record import RunRecord
from tuning.runs.times import moment, utc_time
from tuning.runs.training_metrics import Results

_PHASES = ("validationDetails", "dataProcessingDetails", "trainingDetails")
_NOTHING = "Nothing: the next step begins by itself."
_NEXT: Mapping[str, str] = {
    "awaiting_approval": "tuning approve {run}, or tuning reject {run}; --note says why.",
    "queued": "Nothing: it starts when it gets a job slot. To give it up: tuning stop {run}",
    "training": "tuning watch {run} follows it; tuning stop {run} ends it.",
    "trained": (
        "Deploy {model} to serve it. It is billed by the month until it is deleted: "
        "aws bedrock delete-custom-model --model-identifier {model}"
    ),
    "refused": (
        "Read the report, fix the file as it says, and upload it again: a new version is a new run."
    ),
    "stopped": "Upload the file again if you want it after all.",
}


@dataclass(frozen=True, kw_only=True)
class EnteredState:
    """A state of the execution, however often it was entered."""

    name: str
    first_at: str
    last_at: str
    times: int


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    run: str
    state: str
    status: str
    """The state in words, with the phase of the job or the position in the queue."""
    queue_position: int | None
    expected_wait: str | None
    """Of a run in the queue, in words."""
    upload: Mapping[str, Any]
    recipe: Mapping[str, Any]
    """Empty in a row that was written anew after it was lost, or when no recipe has the folder."""
    dataset: PreparedDataset | None
    waits_until: str | None
    """Until when its check waits, or waited, for other uploads."""
    unread_validation: str | None
    """A validation set that came after the run was checked."""
    decisions: tuple[str, ...]
    """What was decided on the way, by limits and by people, in order."""
    steps: tuple[EnteredState, ...]
    job: Mapping[str, Any]
    results: Results | None
    cost: Mapping[str, Any]
    reports: tuple[str, ...]
    outcome: Outcome | None
    next: str
    """What the reader can do now."""

    def to_dict(self) -> dict[str, Any]:
        known = {name: value for name, value in vars(self).items() if name != "steps"}
        return {**to_json(known), "steps": [asdict(step) for step in self.steps]}


def run_details(
    record: RunRecord,
    *,
    entered: Sequence[tuple[str, datetime]] = (),
    job: Mapping[str, Any] | None = None,
    position: int | None = None,
    slots: int | None = None,
) -> RunDetails:
    """`entered` are the execution's states and when each was entered; `job` is Bedrock's answer; `slots`
    are as many job slots as there seem to be.
    """
    given = record.run or {}
    return RunDetails(
        run=record.id,
        state=record.state,
        status=words(record, position),
        queue_position=position,
        expected_wait=_wait(record, position, slots),
        upload={**given.get("upload", {}), "uri": record.upload, "arrived_at": record.arrived_at},
        recipe=given.get("recipe") or {},
        dataset=record.dataset,
        waits_until=record.waits_until,
        unread_validation=record.unread_validation,
        decisions=tuple(_decisions(record)),
        steps=_steps(entered),
        job=_job(record, job),
        results=record.results,
        cost=_cost(record),
        reports=record.reports,
        outcome=record.outcome,
        next=_next(record),
    )


def _wait(record: RunRecord, position: int | None, slots: int | None) -> str | None:
    if not position or not (run := record.training_run):
        return None
    return expected_wait(position, slots=slots, max_hours=run.recipe.limits.max_hours)


def _decisions(record: RunRecord) -> Iterator[str]:
    if record.approval_reason:
        yield f"A person was asked: {record.approval_reason}"
    if record.approval:
        yield record.approval.sentence
    if held := record.reservation:
        beside = (
            (held.storage_usd, "for its model's first month"),
            (held.evaluation_usd, "for its evaluation"),
        )
        parts = " and ".join(f"{usd} of them {why}" for usd, why in beside if usd)
        yield f"{held.usd} USD were reserved from the budgets of {held.month}{parts and f', {parts}'}."
    if record.attempt > 1 or record.state == "again":
        yield "The first job ended without a model, and the recipe allowed a second try."
    if record.stop_asked:
        yield f"Asked to stop by {record.stop_asked}"


def _steps(entered: Sequence[tuple[str, datetime]]) -> tuple[EnteredState, ...]:
    """In order of their first time; a run polls its job many times."""
    seen: dict[str, list[str]] = {}
    for name, at in entered:
        seen.setdefault(name, []).append(moment(at))
    return tuple(
        EnteredState(name=name, first_at=times[0], last_at=times[-1], times=len(times))
        for name, times in seen.items()
    )


def _job(record: RunRecord, job: Mapping[str, Any] | None) -> dict[str, Any]:
    if not record.job_arn:
        return {}
    described: dict[str, Any] = {"arn": record.job_arn, "model_arn": record.model_arn}
    if job is None:
        status = record.progress.status if record.progress else None
        return described | {"status": status, "seen": "at the last poll of the run"}
    details = job.get("statusDetails", {})
    return described | {
        "name": job["jobName"],
        "status": job["status"],
        "seen": "now",
        "began_at": moment(job["creationTime"]),
        "ended_at": moment(job["endTime"]) if job.get("endTime") else None,
        "failure_message": job.get("failureMessage"),
        "phases": [_phase(name, details[name]) for name in _PHASES if name in details],
    }


def _phase(name: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    times = {"began_at": detail.get("creationTime"), "changed_at": detail.get("lastModifiedTime")}
    return {
        "name": name.removesuffix("Details"),
        "status": detail.get("status"),
        **{what: moment(at) if at else None for what, at in times.items()},
    }


def _cost(record: RunRecord) -> dict[str, Any]:
    """Computed sums are no bill: no API of Bedrock says what it bills."""
    price, cost = record.estimate or PriceRange(), record.cost or Charged()
    return {
        "estimated_low_usd": price.low_usd,
        "estimated_usd": price.training_usd,
        "estimated_high_usd": price.high_usd,
        "evaluation_high_usd": price.evaluation_usd,
        "actual_usd": cost.usd,
        "actual_basis": cost.basis or None,
        "settled_usd": record.settlement.usd if record.settlement else None,
        "storage_usd_per_month": price.storage_usd_per_month,
    }


def _next(record: RunRecord) -> str:
    outcome, state = record.outcome, record.state
    kind = (outcome and outcome.kind) or "unknown"
    if state == "failed" or kind == "not_approved":
        fix = (outcome and outcome.fix) or ""
        where = f" More: docs/runbook.md, {kind if kind in FAILURE_KINDS else 'errors of a step'}."
        return f"{fix}{where if state == 'failed' else ''}".strip()
    if state == "refused" and not record.reports:
        return "Upload it again to the folder of a recipe that is deployed: they are named above."
    described = _NEXT.get(state, _NOTHING).format(run=record.id, model=record.model_arn or "MODEL")
    return described + (_expiry(record) if state == "awaiting_approval" else "")


def _expiry(record: RunRecord) -> str:
    """When nobody will have answered. A record that was rebuilt does not know when it asked."""
    if (run := record.training_run) is None:
        return ""
    hours = run.recipe.limits.approval_hours
    since = utc_time(record.approval_asked_at or record.arrived_at)
    end = moment(since + timedelta(hours=hours))
    return f" Unanswered, it is refused {hours} hours after it asked, not before {end}."
