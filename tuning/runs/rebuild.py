"""A run's row made anew from what AWS remembers of it: its execution, that one's history, its jobs.

What the ledger alone knew is lost with it: who asked to stop the run.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, TypedDict

from tuning.runs import former_version
from tuning.runs.approvals import Question, SpendDecision
from tuning.runs.budget import month_of
from tuning.runs.customization_job import Job
from tuning.runs.job_queue import WAITING, arrival_order
from tuning.runs.machine_states import OUTCOME_NOT_REPORTED, REACHED, MachineState
from tuning.runs.money_records import Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress import Progress
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import Partition, State
from tuning.runs.training_metrics import Collected, Results
from tuning.runs.uploads import Upload

_RUNNING = ("RUNNING", "PENDING_REDRIVE")


class Rebuilt(TypedDict, total=False):
    """The fields that a row can be given anew, beside those of its upload. The reconciler may write these: see
    tuning/pipeline/watching_steps.py. The tokens are bound to their runs: the steps that act on an answer compare
    what it answers.
    """

    state: State
    run: Mapping[str, Any]
    open: Partition | None
    turn: str | None
    execution: str
    dataset: PreparedDataset
    question: Question
    task_token: str | None
    queue: str | None
    slot_token: str | None
    queued_at: str | None
    reservation: Reservation
    settlement: Settlement
    job_arn: str
    attempt: int
    progress: Progress
    results: Results | None
    model_arn: str | None
    outcome: Outcome
    ended_at: str
    rebuilt: str


REBUILT = tuple(Rebuilt.__annotations__)
_LEFT_QUEUE: Rebuilt = {"queue": None, "slot_token": None, "queued_at": None}


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
    def outcome(self) -> Outcome | None:
        """How the run ended, as far as its execution says so."""
        match self.status, self.error:
            case "SUCCEEDED", _:
                return _outcome(self.output)
            case "FAILED", _ if self.not_reported:
                return _outcome(self.cause)
            case "FAILED", kind:
                return Outcome(state="failed", summary=self.cause, kind=kind)
        return None

    @property
    def not_reported(self) -> bool:
        """Whether it ended with an outcome that it could not record, or notify of."""
        return self.error in (OUTCOME_NOT_REPORTED, former_version.FORMER_OUTCOME_NOT_REPORTED)


def run_of(execution: str) -> str:
    """Whose an execution of this name is."""
    return execution.partition("-")[0]


def execution_name(run_id: str, number: int) -> str:
    """Of the run's own execution, which is number 1, or of one that took the run up."""
    return run_id if number == 1 else f"{run_id}-{number}"


def rebuilt(
    execution: Execution, *, jobs: Iterable[Job] = (), history: Iterable[Mapping[str, Any]] = ()
) -> RunRecord:
    """The record. `history` is that of the execution, in order; without it the record knows no
    reservation, so that the month's budget keeps it whole.
    """
    given = execution.given
    upload = Upload.from_dict(given["upload"])
    facts: Rebuilt = {
        "run": given,
        "state": "started",
        "execution": execution.name,
        "rebuilt": "from its execution",
    }
    for job in jobs:
        attempt = 2 if job.name.endswith("-2") else 1
        facts |= {"state": "training", "job_arn": job.arn, "attempt": attempt}
    facts |= _remembered(given, history)
    outcome = execution.outcome
    if outcome and execution.stopped_at and not execution.not_reported:
        facts |= {"state": outcome.state, "outcome": outcome}
        facts["ended_at"] = execution.stopped_at.isoformat()
        facts |= {"task_token": None, **_LEFT_QUEUE}
    else:
        # An outcome that was not reported is recorded by the step that reports it.
        order = arrival_order(upload.arrived_at, given["id"])
        facts |= {"open": Partition.WORKING, "turn": order}
    return RunRecord(id=given["id"], **upload.facts, **facts)


def _remembered(given: Mapping[str, Any], history: Iterable[Mapping[str, Any]]) -> Rebuilt:
    facts: Rebuilt = {}
    at, run = "", given
    for event in history:
        if entered := event.get("stateEnteredEventDetails"):
            at = former_version.FORMER_STATES.get(entered["name"], entered["name"])
            facts |= {"state": REACHED[at]} if at in REACHED else {}
            if at == MachineState.START_TRAINING:  # it no longer waits
                facts |= {"queue": None, "slot_token": None}
        elif said := event.get("taskSucceededEventDetails"):
            answer = json.loads(said.get("output") or "{}").get("Payload") or {}
            facts |= _learnt(at, answer, run, event["timestamp"])
            run = answer.get("next_run") or run
        elif asked := event.get("taskScheduledEventDetails"):
            since = facts.get("queued_at")  # it keeps its place, however often it tries
            facts |= _token(at, asked)
            facts |= {"queued_at": since} if since else {}
    return facts


def _learnt(
    at: str, answer: Mapping[str, Any], run: Mapping[str, Any], moment: datetime
) -> Rebuilt:
    facts: Rebuilt = {}
    match at:
        case MachineState.PREPARE_DATASET:
            facts["dataset"] = PreparedDataset.from_json(answer)
        case MachineState.AUTHORIZE_SPEND:
            spend = SpendDecision.from_json(answer)
            facts |= _reserved(spend, run, moment) if spend.decision == "authorized" else {}
            facts |= {"question": spend.question} if spend.question else {}
        case MachineState.START_TRAINING if answer.get("job_arn"):
            facts |= {"job_arn": answer["job_arn"], "attempt": int(run.get("attempt", 1))}
            facts |= _LEFT_QUEUE
        case MachineState.TRACK_TRAINING:
            facts["progress"] = Progress.from_json(answer)
        case MachineState.COLLECT_RESULTS:
            collected = Collected.from_json(answer)
            facts |= {"model_arn": collected.model_arn, "results": collected.results}
        case MachineState.SETTLE_SPEND if answer.get("usd") is not None:
            facts["settlement"] = Settlement.from_json(answer)
    return facts


def _reserved(spend: SpendDecision, raw: Mapping[str, Any], moment: datetime) -> Rebuilt:
    recipe = Run.from_dict(raw).recipe
    parts = filter(None, (spend.high_usd, spend.storage_usd, spend.evaluation_usd))
    made = Reservation(
        usd=sum(parts, Decimal(0)),
        storage_usd=spend.storage_usd,
        evaluation_usd=spend.evaluation_usd,
        month=month_of(moment),
        recipe=recipe.name,
        recipe_digest=recipe.content_digest,
    )
    return {"reservation": made}


def _token(at: str, asked: Mapping[str, Any]) -> Rebuilt:
    """A run of which only the execution is left can be answered, by a person or by the dispatcher."""
    values = json.loads(asked.get("parameters") or "{}").get("ExpressionAttributeValues", {})
    token = values.get(":token", {}).get("S")
    match at:
        case MachineState.WAIT_FOR_APPROVAL if token:
            return {"task_token": token}
        case MachineState.WAIT_FOR_JOB_SLOT if token:
            return {"slot_token": token, "queue": WAITING, "queued_at": values[":now"]["S"]}
    return {}


def _outcome(text: str) -> Outcome | None:
    """None where an execution's output or cause is something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return Outcome.from_json(found) if isinstance(found, dict) and "state" in found else None
