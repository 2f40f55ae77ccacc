"""Bedrock's import jobs and imported models in dictionaries; what AWS does not document is marked in
emulator/bedrock/model_imports.py, which it follows.
"""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from recipe_refusal_cases import exceptions, refusal

_ARN = "arn:aws:bedrock:us-east-1:123456789012"


@dataclass
class FakeImports:
    """Of one account: one job at a time. As client of `bedrock` and of `bedrock-runtime`."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name."""
    created: list[dict[str, Any]] = field(default_factory=list)
    fault: Exception | None = None
    """What creating a job is answered with, once."""
    failure: str = ""
    """Why jobs fail."""
    units: dict[str, Any] = field(
        default_factory=lambda: {
            "customModelUnitsPerModelCopy": 1,
            "customModelUnitsVersion": "v1.0",
        }
    )
    cold: int = 0
    """How many questions find the model not ready."""
    refuses: str = ""
    """Why it does not answer."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """By which operation, and what."""
    exceptions = exceptions(
        "ResourceNotFoundException", "ServiceQuotaExceededException", "ValidationException"
    )

    def create_model_import_job(self, **request: Any) -> dict[str, str]:
        if fault := self.fault:
            self.fault = None
            raise fault
        for job in self.jobs.values():
            if job["request"]["clientRequestToken"] == request["clientRequestToken"]:
                assert job["request"] == request
                return {"jobArn": job["jobArn"]}
        if any(job["status"] == "InProgress" for job in self.jobs.values()):
            raise refusal("ServiceQuotaExceededException", message="One import job at a time.")
        self.created.append(request)
        number = len(self.created)
        self.jobs[request["jobName"]] = {
            "jobArn": f"{_ARN}:model-import-job/{number:012}",
            "jobName": request["jobName"],
            "modelDataSource": request["modelDataSource"],
            "status": "InProgress",
            "request": request,
        }
        return {"jobArn": f"{_ARN}:model-import-job/{number:012}"}

    def get_model_import_job(self, *, jobIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        if jobIdentifier not in self.jobs:
            raise refusal("ResourceNotFoundException", "GetModelImportJob", 404)
        return self.jobs[jobIdentifier]

    def end_jobs(self) -> None:
        for number, job in enumerate(self.jobs.values(), 1):
            if job["status"] != "InProgress":
                continue
            if self.failure:
                job |= {"status": "Failed", "failureMessage": self.failure}
            else:
                arn = f"{_ARN}:imported-model/{number:012}"
                job |= {"status": "Completed", "importedModelArn": arn}

    def get_imported_model(self, *, modelIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        return {"modelArn": modelIdentifier, "customModelUnits": self.units}

    def converse(self, **request: Any) -> dict[str, Any]:
        self._ask("converse", request)
        return {"output": {"message": {"content": [{"text": "Ready."}]}}}

    def invoke_model(self, **request: Any) -> dict[str, Any]:
        self._ask("invoke_model", request)
        answer = {"choices": [{"message": {"content": "Ready."}, "finish_reason": "stop"}]}
        return {"body": io.BytesIO(json.dumps(answer).encode())}

    def _ask(self, operation: str, request: dict[str, Any]) -> None:
        self.asked.append((operation, request))
        if self.cold:
            self.cold -= 1
            raise refusal("ModelNotReadyException", operation, 429, "Model is not ready.")
        if self.refuses:
            raise refusal("ValidationException", operation, 400, self.refuses)
