"""The whole story of a run, put together from what AWS keeps of it: the ledger's row, the steps of its
execution, its job. Any of them may be gone; what is left is told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tuning.runs.failures import KINDS
from tuning.runs.job_queue import moment
from tuning.runs.progress_bar import words

_PHASES = ("validationDetails", "dataProcessingDetails", "trainingDetails")
_NOTHING = "Nothing: the next step comes by itself."
_NEXT: Mapping[str, str] = {
    "awaiting_approval": "tuning approve {run}, or tuning reject {run}; --note says why.",
    "queued": "Nothing: it is tried when a job slot is free. To give it up: tuning stop {run}",
    "training": "tuning watch {run} follows it; tuning stop {run} ends it.",
    "trained": (
        "Deploy {model} to serve it. It is billed by the month until it is deleted: "
        "aws bedrock delete-custom-model --model-identifier {model}"
    ),
    "refused": (
        "Read the report, mend the file as it says, upload it again: a new version is a new run."
    ),
    "stopped": "Upload the file again if you want it after all.",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A state of the execution, however often it was entered."""

    name: str
    first_at: str
    last_at: str
    times: int


@dataclass(frozen=True, kw_only=True)
class Story:
    run: str
    state: str
    standing: str
    """The state in words, with the phase of the job or the queue position."""
    queue_position: int | None
    upload: Mapping[str, Any]
    recipe: Mapping[str, Any]
    """Empty in a row that was written anew after it was lost, or when no recipe has the folder."""
    dataset: Mapping[str, Any]
    decisions: tuple[str, ...]
    """What was decided on the way, by limits and by people, in order."""
    steps: tuple[Step, ...]
    job: Mapping[str, Any]
    results: Mapping[str, Any]
    cost: Mapping[str, Any]
    reports: tuple[str, ...]
    outcome: Mapping[str, Any]
    next: str
    """What whoever reads this can do now."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def story(
    row: Mapping[str, str],
    *,
    entered: Sequence[tuple[str, datetime]] = (),
    job: Mapping[str, Any] | None = None,
    position: int | None = None,
) -> Story:
    """`entered` are the execution's states and when each was entered; `job` is Bedrock's answer."""
    known = {name: json.loads(text) for name, text in row.items() if text[:1] == "{"}
    run = known.get("run", {})
    return Story(
        run=row["pk"],
        state=row["state"],
        standing=words(row, position),
        queue_position=position,
        upload={**run.get("upload", {}), "uri": row.get("upload"), "arrived_at": row["arrived_at"]},
        recipe=run.get("recipe") or {},
        dataset=known.get("dataset", {}),
        decisions=tuple(_decisions(row, known)),
        steps=_steps(entered),
        job=_job(row, known, job),
        results=known.get("results", {}),
        cost=_cost(known),
        reports=_reports(known),
        outcome=known.get("outcome", {}),
        next=_next(row, known),
    )


def _decisions(row: Mapping[str, str], known: Mapping[str, Any]) -> list[str]:
    told = [f"A person was asked: {row['asked']}"] if "asked" in row else []
    if answer := known.get("approval"):
        said = {"approve": "Approved", "reject": "Rejected"}.get(answer["decision"], "Answered")
        note = f": {answer['note']}" if answer.get("note") else ""
        sure = "" if answer.get("verified") else " (as whoever answered said)"
        told.append(f"{said} by {answer.get('by')}{sure} at {answer.get('at')}{note}")
    if claim := known.get("claim"):
        told.append(f"{claim['usd']} USD were claimed from the budgets of {claim['month']}.")
    if row.get("attempt", "1") != "1" or row["state"] == "again":
        told.append("The first job ended without a model, and the recipe had it tried once more.")
    if asked := row.get("stop_asked"):
        told.append(f"Asked to stop by {asked}")
    return told


def _steps(entered: Sequence[tuple[str, datetime]]) -> tuple[Step, ...]:
    """In order of their first time; a run looks at its job many times."""
    seen: dict[str, list[str]] = {}
    for name, at in entered:
        seen.setdefault(name, []).append(moment(at))
    return tuple(
        Step(name=name, first_at=times[0], last_at=times[-1], times=len(times))
        for name, times in seen.items()
    )


def _job(
    row: Mapping[str, str], known: Mapping[str, Any], job: Mapping[str, Any] | None
) -> dict[str, Any]:
    if "job_arn" not in row:
        return {}
    told: dict[str, Any] = {"arn": row["job_arn"], "model_arn": row.get("model_arn")}
    if job is None:
        looked = known.get("progress", {})
        return told | {"status": looked.get("status"), "seen": "at the last look of the run"}
    details = job.get("statusDetails", {})
    return told | {
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


def _cost(known: Mapping[str, Any]) -> dict[str, Any]:
    """Computed sums are no bill: no API of Bedrock tells what it bills."""
    estimate, cost = known.get("estimate", {}), known.get("cost", {})
    return {
        "estimated_low_usd": estimate.get("low_usd"),
        "estimated_usd": estimate.get("training_usd"),
        "estimated_high_usd": estimate.get("high_usd"),
        "actual_usd": cost.get("usd"),
        "actual_is": cost.get("is"),
        "settled_usd": known.get("settled", {}).get("usd"),
        "storage_usd_per_month": estimate.get("storage_usd_per_month"),
    }


def _reports(known: Mapping[str, Any]) -> tuple[str, ...]:
    page = known.get("dataset", {}).get("report_uri") or known.get("outcome", {}).get("report")
    return (page, f"{page.removesuffix('.html')}.json") if page else ()


def _next(row: Mapping[str, str], known: Mapping[str, Any]) -> str:
    outcome, state = known.get("outcome", {}), row["state"]
    if state == "failed" or outcome.get("kind") == "not_approved":
        kind = outcome.get("kind", "unknown")
        where = f" More: docs/runbook.md, {kind if kind in KINDS else 'errors of a step'}."
        return f"{outcome.get('fix', '')}{where if state == 'failed' else ''}".strip()
    if state == "refused" and not _reports(known):
        return "Upload it again to the folder of a recipe that is deployed: they are named above."
    told = _NEXT.get(state, _NOTHING).format(run=row["pk"], model=row.get("model_arn", "MODEL"))
    return told + (_expiry(row, known) if state == "awaiting_approval" else "")


def _expiry(row: Mapping[str, str], known: Mapping[str, Any]) -> str:
    """When nobody will have answered. A row that was rebuilt does not know when it asked."""
    hours = known.get("run", {}).get("recipe", {}).get("limits", {}).get("approval_hours")
    if hours is None:
        return ""
    since = datetime.fromisoformat(row.get("asked_at", row["arrived_at"])).astimezone(UTC)
    end = moment(since + timedelta(hours=hours))
    return f" Unanswered, it is refused {hours} hours after it asked, not before {end}."
