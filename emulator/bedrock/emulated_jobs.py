"""A customization job and the model it makes, in the shapes that the API returns."""

import hashlib
import json
import secrets
import string
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.bedrock.nearest_example import Examples
from emulator.bedrock.offered_models import Offer
from emulator.bedrock.ports import Scope

PHASES = {
    "Validation": "validationDetails",
    "DataProcessing": "dataProcessingDetails",
    "Training": "trainingDetails",
}
TERMINAL = frozenset({"Completed", "Failed", "Stopped"})
METHOD = "FINE_TUNING"
"""The default customizationType.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-submit.html"""


def now() -> str:
    return timestamp(time.time())


def timestamp(seconds: float) -> str:
    """Seconds since the epoch, as the API writes them."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def identifier() -> str:
    """Job and model ids are 12 of these; a model's differs from its job's."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))


def tag_pairs(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Tags, as requests list them."""
    return {each["key"]: each["value"] for each in tags or []}


def request_digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@dataclass(kw_only=True)
class EmulatedJob:
    scope: Scope
    request: dict[str, Any]
    offer: Offer
    id: str
    arn: str
    hyperparameters: dict[str, str]
    base_model_arn: str
    created: str = field(default_factory=now)
    modified: str = field(default_factory=now)
    ended: str | None = None
    status: str = "InProgress"
    failure: str | None = None
    model_arn: str | None = None
    losses: dict[str, list[float]] = field(default_factory=dict)
    phases: dict[str, dict[str, str]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for name in PHASES:
            self.phases[name] = {
                "status": "NotStarted",
                "creationTime": self.created,
                "lastModifiedTime": self.created,
            }
        self.tags.update(tag_pairs(self.request.get("jobTags")))

    @property
    def name(self) -> str:
        return str(self.request["jobName"])

    @property
    def model_name(self) -> str:
        return str(self.request["customModelName"])

    @property
    def role(self) -> str:
        return str(self.request["roleArn"])

    @property
    def method(self) -> str:
        return str(self.request.get("customizationType", METHOD))

    @property
    def training_uri(self) -> str:
        return str(self.request["trainingDataConfig"]["s3Uri"])

    @property
    def validation_uris(self) -> list[str]:
        validators = self.request.get("validationDataConfig", {}).get("validators", [])
        return [each["s3Uri"] for each in validators]

    @property
    def output_uri(self) -> str:
        return str(self.request["outputDataConfig"]["s3Uri"])

    def describe(self) -> dict[str, Any]:
        """GetModelCustomizationJob."""
        return self._given() | present(
            status=self.status,
            statusDetails={PHASES[name]: dict(phase) for name, phase in self.phases.items()},
            outputModelArn=self.model_arn,
            failureMessage=self.failure,
            lastModifiedTime=self.modified,
            endTime=self.ended,
            trainingMetrics=_metric("trainingLoss", self.losses.get("training")),
            validationMetrics=[
                _metric("validationLoss", losses)
                for name, losses in self.losses.items()
                if name != "training"
            ]
            or None,
        )

    def _given(self) -> dict[str, Any]:
        return present(
            jobArn=self.arn,
            jobName=self.name,
            outputModelName=self.model_name,
            clientRequestToken=self.request.get("clientRequestToken"),
            roleArn=self.role,
            creationTime=self.created,
            baseModelArn=self.base_model_arn,
            hyperParameters=self.hyperparameters,
            trainingDataConfig=self.request["trainingDataConfig"],
            validationDataConfig=self.request.get("validationDataConfig", {"validators": []}),
            outputDataConfig=self.request["outputDataConfig"],
            customizationType=self.method,
            # Optional; that it is absent until the model is there is UNCONFIRMED, and the careful case.
            outputModelKmsKeyArn=self.request.get("customModelKmsKeyId")
            if self.model_arn
            else None,
            vpcConfig=self.request.get("vpcConfig"),
            customizationConfig=self.request.get("customizationConfig"),
        )

    def summary(self) -> dict[str, Any]:
        """One entry of ListModelCustomizationJobs, which calls the model customModel."""
        described = self.describe()
        kept = (
            "jobArn",
            "baseModelArn",
            "jobName",
            "status",
            "statusDetails",
            "lastModifiedTime",
            "creationTime",
            "endTime",
            "customizationType",
        )
        shown = {name: described[name] for name in kept if name in described}
        return shown | present(customModelArn=self.model_arn, customModelName=self.model_name)

    def event(self) -> dict[str, Any]:
        """`detail` of the event; the state is `jobStatus`, and there is no statusDetails.
        https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
        """
        described = self.describe()
        kept = (
            "jobName",
            "jobArn",
            "outputModelName",
            "outputModelArn",
            "roleArn",
            "failureMessage",
            "creationTime",
            "lastModifiedTime",
            "endTime",
            "baseModelArn",
            "hyperParameters",
            "trainingDataConfig",
            "validationDataConfig",
            "outputDataConfig",
        )
        shown = {name: described[name] for name in kept if name in described}
        return {"version": "0.0", **shown, "jobStatus": self.status}


@dataclass(frozen=True, kw_only=True)
class EmulatedModel:
    job: EmulatedJob
    arn: str
    created: str
    tags: dict[str, str]
    examples: Examples
    """What it was trained on, as far as the emulator answers from it."""

    @property
    def scope(self) -> Scope:
        return self.job.scope

    @property
    def name(self) -> str:
        return self.job.model_name

    def describe(self) -> dict[str, Any]:
        """GetCustomModel."""
        job = self.job.describe()
        kept = (
            "jobName",
            "jobArn",
            "baseModelArn",
            "customizationType",
            "hyperParameters",
            "trainingDataConfig",
            "validationDataConfig",
            "outputDataConfig",
            "trainingMetrics",
            "validationMetrics",
            "customizationConfig",
        )
        return {
            "modelArn": self.arn,
            "modelName": self.name,
            "modelStatus": "Active",
            "creationTime": self.created,
            **present(modelKmsKeyArn=job.get("outputModelKmsKeyArn")),
            **{name: job[name] for name in kept if name in job},
        }

    def summary(self) -> dict[str, Any]:
        return {
            "modelArn": self.arn,
            "modelName": self.name,
            "creationTime": self.created,
            "baseModelArn": self.job.base_model_arn,
            "baseModelName": self.job.offer.model,
            "customizationType": self.job.method,
            "ownerAccountId": self.scope.account,
            "modelStatus": "Active",
        }


def present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _metric(name: str, losses: list[float] | None) -> dict[str, float] | None:
    return {name: losses[-1]} if losses else None
