"""Bedrock's customization jobs in dictionaries. tests/contract asks of it what it asks of the
emulator; what AWS does not document is marked in emulator/bedrock/engine.py, which it follows.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from recipe_refusal_cases import Pages, exceptions, refusal

ENDED = frozenset({"Completed", "Failed", "Stopped"})
_ARN = "arn:aws:bedrock:us-east-1:123456789012"


@dataclass
class FakeBedrock:
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name and by ARN: what GetModelCustomizationJob answers."""
    created: list[dict[str, Any]] = field(default_factory=list)
    """The arguments of every job that was really made."""
    stopped: list[str] = field(default_factory=list)
    models: dict[str, datetime] = field(default_factory=dict)
    """When custom models were made of which no job is known here, by ARN."""
    fault: Exception | None = None
    """What creating a job is answered with."""
    conflict: bool = False
    """Whether a job is no longer there to be stopped."""
    unknown: str = "ResourceNotFoundException"
    """By which error it says that there is no such job."""
    quota: int = 10
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    exceptions = exceptions(
        "ConflictException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
        "ThrottlingException",
        "ValidationException",
    )

    def create_model_customization_job(self, **arguments: Any) -> dict[str, str]:
        if self.fault:
            raise self.fault
        if (same := self._replayed(arguments)) is not None:
            return {"jobArn": same}
        name = arguments["jobName"]
        if name in self.jobs:
            self._refuse(
                "ValidationException", f"The provided job name is currently in use: {name}"
            )
        in_progress = [job for job in self.all_jobs() if job["status"] not in ENDED]
        if len(in_progress) >= self.quota:
            self._refuse("ServiceQuotaExceededException", "You have exceeded the quota.")
        self.created.append(arguments)
        job = _described(arguments, number=len(self.created), moment=self.now())
        self.jobs[name] = self.jobs[job["jobArn"]] = job
        return {"jobArn": job["jobArn"]}

    def get_model_customization_job(self, *, jobIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        return dict(self._job(jobIdentifier))

    def stop_model_customization_job(self, *, jobIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        job = self._job(jobIdentifier)
        if self.conflict or job.get("status") in ENDED:
            self._refuse("ConflictException", f"The job is already {job.get('status')}.")
        job["status"] = "Stopping"
        self.stopped.append(jobIdentifier)
        return {}

    def list_model_customization_jobs(self, **wanted: Any) -> dict[str, Any]:
        """Two a page: who forgets to turn pages sees two."""
        found = [
            {**{k: job[k] for k in ("jobArn", "jobName", "status", "creationTime")}}
            for job in self.listed_jobs()
            if wanted.get("nameContains", "") in job["jobName"]
            and wanted.get("statusEquals", job["status"]) == job["status"]
            and job["creationTime"]
            > wanted.get("creationTimeAfter", datetime.min.replace(tzinfo=UTC))
        ]
        start = int(wanted.get("nextToken", 0))
        stop = start + min(wanted.get("maxResults", 2), 2)
        more = {"nextToken": str(stop)} if stop < len(found) else {}
        return {"modelCustomizationJobSummaries": found[start:stop], **more}

    def get_paginator(self, operation: str) -> Pages:
        return Pages(call=getattr(self, operation))

    def get_custom_model(self, *, modelIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        made = {
            job.get("outputModelArn"): job.get("endTime") for job in self.all_jobs()
        } | self.models
        if modelIdentifier not in made:
            self._refuse(self.unknown, f"Could not find the model {modelIdentifier}.")
        return {"modelArn": modelIdentifier, "creationTime": made[modelIdentifier]}

    def list_tags_for_resource(self, *, resourceARN: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        return {"tags": self._job(resourceARN).get("tags", [])}

    def all_jobs(self) -> list[dict[str, Any]]:
        return [job for identifier, job in self.jobs.items() if identifier.startswith("arn:")]

    def listed_jobs(self) -> list[dict[str, Any]]:
        """What a list shows; on AWS it may be late."""
        return self.all_jobs()

    def _job(self, identifier: str) -> dict[str, Any]:
        if identifier not in self.jobs:
            self._refuse(self.unknown, f"Could not find the job {identifier}.")
        return self.jobs[identifier]

    def _replayed(self, arguments: Mapping[str, Any]) -> str | None:
        token = arguments.get("clientRequestToken")
        for job in self.all_jobs():
            if token and job.get("clientRequestToken") == token:
                if job["request"] == _digest(arguments):
                    return str(job["jobArn"])
                self._refuse(
                    "ConflictException",
                    "The clientRequestToken was used with different parameters.",
                )
        return None

    def _refuse(self, code: str, message: str) -> None:
        status = 404 if code == "ResourceNotFoundException" else 400
        raise refusal(code, "ModelCustomizationJob", status, message)


def _described(arguments: Mapping[str, Any], *, number: int, moment: datetime) -> dict[str, Any]:
    waiting = {"status": "NotStarted", "creationTime": moment, "lastModifiedTime": moment}
    phases = ("validationDetails", "dataProcessingDetails", "trainingDetails")
    identifier = hashlib.sha256(f"job {number}".encode()).hexdigest()[:12]
    base = arguments["baseModelIdentifier"]
    return {
        "jobArn": f"{_ARN}:model-customization-job/{base}/{identifier}",
        "jobName": arguments["jobName"],
        "outputModelName": arguments["customModelName"],
        "clientRequestToken": arguments.get("clientRequestToken"),
        "trainingDataConfig": arguments["trainingDataConfig"],
        "validationDataConfig": arguments.get("validationDataConfig", {"validators": []}),
        "outputDataConfig": arguments["outputDataConfig"],
        "status": "InProgress",
        "statusDetails": {phase: dict(waiting) for phase in phases},
        "creationTime": moment,
        "lastModifiedTime": moment,
        "tags": arguments.get("jobTags", []),
        "request": _digest(arguments),
    }


def _digest(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True)
