"""A run's row made anew from what AWS remembers of it: its execution, that one's history, its jobs.

What the ledger alone knew is lost with it: who asked to stop the run.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from tuning.runs.budget import Claim, month_of
from tuning.runs.job_queue import arrival_order
from tuning.runs.machine_states import OUTCOME_NOT_REPORTED, REACHED, MachineState
from tuning.runs.run import Run
from tuning.runs.run_states import Partition

_RUNNING = ("RUNNING", "PENDING_REDRIVE")


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What DescribeExecution says.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """

    name: str
    status: str
    given: Mapping[str, Any]
    """Its input: a run, as `Run.to_dict` has it."""
    output: str = ""
    error: str = ""
    cause: str = ""
    stopped_at: datetime | None = None

    @classmethod
    def described(cls, answer: Mapping[str, Any]) -> Self:
        return cls(
            name=answer["name"],
            status=answer["status"],
            given=json.loads(answer["input"]),
            output=answer.get("output") or "",
            error=answer.get("error") or "",
            cause=answer.get("cause") or "",
            stopped_at=answer.get("stopDate"),
        )

    @property
    def runs(self) -> bool:
        return self.status in _RUNNING

    @property
    def outcome(self) -> Mapping[str, Any] | None:
        """How the run ended, as far as its execution says so."""
        match self.status, self.error:
            case "SUCCEEDED", _:
                return _object(self.output)
            case "FAILED", error if error == OUTCOME_NOT_REPORTED:
                return _object(self.cause)
            case "FAILED", kind:
                return {"state": "failed", "summary": self.cause, "kind": kind}
        return None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A customization job that bears the run's tag."""

    arn: str
    name: str
    status: str
    """As AWS spells it."""
    model_arn: str | None = None

    @property
    def ended(self) -> bool:
        return self.status in ("Completed", "Failed", "Stopped")


def rebuilt(
    execution: Execution, *, jobs: Iterable[Job] = (), history: Iterable[Mapping[str, Any]] = ()
) -> dict[str, str]:
    """The row, its attributes as text; what is no plain text is JSON. `history` is that of the
    execution, in order; without it the row knows no claim, so that the month's budget keeps it whole.
    """
    given = execution.given
    upload = given["upload"]
    facts: dict[str, Any] = {
        "pk": given["id"],
        "arrived_at": upload["arrived_at"],
        "month": upload["arrived_at"][:7],
        "upload": f"s3://{upload['bucket']}/{upload['key']}",
        "recipe": upload["key"].split("/")[1],
        "run": given,
        "state": "started",
        "execution": execution.name,
        "rebuilt": "from its execution",
    }
    for job in jobs:
        attempt = "2" if job.name.endswith("-2") else "1"
        facts |= {"state": "training", "job_arn": job.arn, "attempt": attempt}
    facts |= _remembered(given, history)
    if (
        (outcome := execution.outcome)
        and execution.stopped_at
        and execution.error != OUTCOME_NOT_REPORTED
    ):
        facts |= {"state": outcome["state"], "outcome": outcome}
        facts["ended_at"] = execution.stopped_at.isoformat()
        facts.pop("task_token", None)
    else:
        # An outcome that was not told is recorded by whoever tells it.
        order = arrival_order(facts["arrived_at"], given["id"])
        facts |= {"open": Partition.WORKING, "turn": order}
    return {k: str(v) if isinstance(v, str) else json.dumps(v) for k, v in facts.items()}


def _remembered(given: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    at, run = "", given
    for event in history:
        if entered := event.get("stateEnteredEventDetails"):
            at = entered["name"]
            facts |= {"state": REACHED[at]} if at in REACHED else {}
            if at == MachineState.START_TRAINING:  # it no longer waits
                facts = {k: v for k, v in facts.items() if k not in ("queue", "slot_token")}
        elif said := event.get("taskSucceededEventDetails"):
            answer = json.loads(said.get("output") or "{}").get("Payload") or {}
            facts |= _learnt(at, answer, run, event["timestamp"])
            run = answer.get("next_run") or run
        elif asked := event.get("taskScheduledEventDetails"):
            facts |= _token(at, asked)
    return facts


def _learnt(
    at: str, answer: Mapping[str, Any], run: Mapping[str, Any], moment: datetime
) -> dict[str, Any]:
    match at:
        case MachineState.PREPARE_DATASET:
            return {"dataset": answer}
        case MachineState.AUTHORIZE_SPEND if answer.get("leave") == "granted":
            return {"estimate": answer["estimate"], "claim": _claim(answer, run, moment)}
        case MachineState.START_TRAINING if answer.get("job_arn"):
            return {"job_arn": answer["job_arn"], "attempt": str(run.get("attempt", 1))}
        case MachineState.TRACK_TRAINING:
            return {"progress": answer}
        case MachineState.SETTLE_SPEND if answer.get("usd") is not None:
            return {"settled": {"usd": answer["usd"], "charge": "unknown"}}
    return {name: answer[name] for name in ("model_arn", "results") if name in answer}


def _claim(answer: Mapping[str, Any], raw: Mapping[str, Any], moment: datetime) -> dict[str, str]:
    recipe = Run.from_dict(raw).recipe
    usd = str(answer["estimate"].get("high_usd") or 0)
    made = Claim(usd=usd, month=month_of(moment), recipe=recipe.name, attempt=recipe.digest)
    return made.to_dict()


def _token(at: str, asked: Mapping[str, Any]) -> dict[str, str]:
    """A run of which only the execution is left can be answered, by a person or by the dispatcher."""
    values = json.loads(asked.get("parameters") or "{}").get("ExpressionAttributeValues", {})
    token = values.get(":token", {}).get("S")
    match at:
        case MachineState.WAIT_FOR_APPROVAL if token:
            return {"task_token": token}
        case MachineState.WAIT_FOR_JOB_SLOT if token:
            return {"slot_token": token, "queue": "job_slots", "queued_at": values[":now"]["S"]}
    return {}


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "state" in found else None
