"""A customization job as Bedrock sees it: the request that starts it, and what its status means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tuning.failures import Failure, classify
from tuning.recipes import Limits
from tuning.runs import Run
from tuning.settings import RunSettings

State = Literal["in_progress", "overdue", "trained", "failed", "stopped"]

_STATES: Mapping[str, State] = {
    "InProgress": "in_progress",
    "Stopping": "in_progress",
    "Completed": "trained",
    "Failed": "failed",
    "Stopped": "stopped",
}
_PHASES = {
    "validationDetails": "Validation",
    "dataProcessingDetails": "DataProcessing",
    "trainingDetails": "Training",
}
_STOP_STUCK = Failure(
    kind="stop_stuck",
    message="The job was told to stop, and is Stopping past the recipe's limits.",
    fix="Look at the job in the Bedrock console; it may still be billed. Ask AWS Support to end it.",
)


@dataclass(frozen=True, kw_only=True)
class Start:
    """What came of the try to start a run's job."""

    state: Literal["started", "no_room", "failed"]
    """`no_room`: the account runs as many jobs as it may; it passes."""
    job_arn: str | None = None
    failure: Failure | None = None

    def to_dict(self) -> dict[str, Any]:
        failure = self.failure.to_dict() if self.failure else None
        return {"state": self.state, "job_arn": self.job_arn, "failure": failure}


@dataclass(frozen=True, kw_only=True)
class Progress:
    state: State
    status: str
    """As AWS spells it."""
    phase: str
    """The phase that is running or ran last: Validation, DataProcessing or Training."""
    failure: Failure | None = None

    def to_dict(self) -> dict[str, Any]:
        failure = self.failure.to_dict() if self.failure else None
        return {
            "state": self.state,
            "status": self.status,
            "phase": self.phase,
            "failure": failure,
        }


def request(
    run: Run, settings: RunSettings, *, training_uri: str, validation_uri: str | None
) -> dict[str, Any]:
    """The arguments of CreateModelCustomizationJob. The same run gives the same request.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
    """
    tags = [
        {"key": "environment", "value": settings.environment},
        {"key": "recipe", "value": run.recipe.name},
        {"key": "run", "value": run.id},
    ]
    arguments: dict[str, Any] = {
        "jobName": run.job_name,
        "customModelName": run.job_name,
        "clientRequestToken": run.request_token,
        "roleArn": settings.job_role_arn,
        "baseModelIdentifier": run.recipe.base_model,
        "customizationType": run.recipe.method,
        "customModelKmsKeyId": settings.model_key_arn,
        "hyperParameters": run.recipe.wire_hyperparameters,
        "trainingDataConfig": {"s3Uri": training_uri},
        "outputDataConfig": {"s3Uri": f"s3://{settings.artifacts_bucket}/{run.output_prefix}"},
        "vpcConfig": {
            "subnetIds": list(settings.job_subnet_ids),
            "securityGroupIds": list(settings.job_security_group_ids),
        },
        "jobTags": tags,
        "customModelTags": tags,
    }
    if validation_uri:
        arguments["validationDataConfig"] = {"validators": [{"s3Uri": validation_uri}]}
    return arguments


def is_ours(job: Mapping[str, Any], run: Run, *, training_uri: str) -> bool:
    """Whether a job that bears the run's name is the run's own, so that it may be adopted."""
    same_data = job.get("trainingDataConfig", {}).get("s3Uri") == training_uri
    return job.get("jobName") == run.job_name and same_data


def progress(job: Mapping[str, Any], limits: Limits, *, now: datetime) -> Progress:
    """What a GetModelCustomizationJob answer means at the moment `now` (aware, UTC).

    A job may sit InProgress for days without a word and without a failureMessage, so a job whose
    training does not begin, or that never ends, is `overdue`: the caller stops it.
    """
    status, details = job["status"], job.get("statusDetails", {})
    phase = _phase(details)
    state = _STATES[status]
    if state == "failed":
        failure = classify(job.get("failureMessage") or "no failureMessage was given")
        return Progress(state=state, status=status, phase=phase, failure=failure)
    if state == "in_progress" and (late := _overdue(job, details, limits, now)):
        if status == "Stopping":
            return Progress(state="failed", status=status, phase=phase, failure=_STOP_STUCK)
        return Progress(state="overdue", status=status, phase=phase, failure=late)
    return Progress(state=state, status=status, phase=phase)


def _phase(details: Mapping[str, Any]) -> str:
    started = [
        name
        for key, name in _PHASES.items()
        if details.get(key, {}).get("status", "NotStarted") != "NotStarted"
    ]
    return started[-1] if started else "Validation"


def _trains(details: Mapping[str, Any]) -> bool:
    """Whether training has begun. Nothing says that AWS renews `lastModifiedTime` while it lasts, so
    that a large but sound job would seem to stand still; then only the limit of all hours holds.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_TrainingDetails.html
    """
    return bool(details.get("trainingDetails", {}).get("status") == "InProgress")


def _overdue(
    job: Mapping[str, Any], details: Mapping[str, Any], limits: Limits, now: datetime
) -> Failure | None:
    moments = [job["creationTime"], *(d.get("lastModifiedTime") for d in details.values())]
    moved = max(m.astimezone(UTC) for m in moments if m)
    if now - job["creationTime"].astimezone(UTC) > timedelta(hours=limits.max_hours):
        kind, why = "over_time", f"in progress for more than {limits.max_hours} hours"
    elif now - moved > timedelta(hours=limits.stall_hours) and not _trains(details):
        hours = f"{limits.stall_hours} hours, its training not begun"
        kind, why = "stalled", f"without a change of sub-status for {hours}"
    else:
        return None
    return Failure(
        kind=kind,
        message=f"The job was {why} (the recipe's limit) and was stopped.",
        fix="Upload the file again to start a new run, or raise [limits] in the recipe.",
    )
