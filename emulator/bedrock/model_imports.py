"""Custom Model Import: one job at a time makes one of three models, of a folder that its role may read.

Statuses go by the clock, and nobody publishes an event of them: EventBridge knows none. There is no stopping.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelImportJob.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-import-model.html
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock import access, listing
from emulator.bedrock.api_errors import (
    Conflict,
    JobFailed,
    ModelNotReady,
    NotFound,
    QuotaExceeded,
    ValidationError,
)
from emulator.bedrock.emulated_imports import EmulatedImport, EmulatedImportedModel
from emulator.bedrock.emulated_jobs import identifier
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.kept_resources import named, replayed, tag_keys
from emulator.bedrock.ports import Scope, Surroundings
from emulator.bedrock.weights_folder import offered_in, read_folder

IMPORTS_AT_ONCE = 1
"""Jobs in progress, L-5F098EFA: not adjustable. https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
MOST_IMPORTED = 3
"""Models of an account in a Region, L-45B04988."""
INTERFACE_TAG = "BedrockModelImportJobArn"
"""https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-custom-model-import.html"""
YOUNG = "The provided role ARN is invalid"
"""Public reports of a role that was just made."""
COLD = "Model is not ready for inference. Wait and try your request again."
"""https://repost.aws/knowledge-center/bedrock-imported-models-modelnotreadyexception"""


@dataclass(kw_only=True)
class ModelImports:
    aws: Surroundings
    faults: Faults
    clock: Callable[[], float]
    seconds: float
    """How long a job takes, and loading a model (on AWS: minutes each)."""
    _jobs: dict[str, EmulatedImport] = field(default_factory=dict)
    _models: dict[str, EmulatedImportedModel] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            jobs = self._of(scope)
            if same := replayed(jobs, request, Conflict):
                return {"jobArn": same.arn}
            self._check(scope, request, jobs)
            now = self.clock()
            job = EmulatedImport(
                scope=scope,
                request=request,
                arn=scope.arn(f"model-import-job/{identifier()}"),
                created=now,
                modified=now,
                due=now + self.seconds,
                tags=_pairs(request.get("jobTags")),
            )
            if not self.aws.roles.may_be_assumed(job.role, job.arn):
                raise ValidationError(message=YOUNG)
            self._jobs[job.arn] = job
            return {"jobArn": job.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self._job(scope, request["jobIdentifier"]).describe()

    def list_jobs(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = [each.summary() for each in self._of(scope)]
        page, more = listing.page(found, request, listing.Members(name="jobName"))
        return {"modelImportJobSummaries": page, **more}

    def get_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.model(scope, request["modelIdentifier"]).describe()

    def list_models(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = [each.summary() for each in self._models_of(scope)]
        page, more = listing.page(found, request, listing.Members(name="modelName"))
        return {"modelSummaries": page, **more}

    def delete_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """Nothing that the emulator has uses one but its callers, so that there is no ConflictException."""
        with self._lock:
            del self._models[self.model(scope, request["modelIdentifier"]).arn]
        return {}

    def model(self, scope: Scope, wanted: str) -> EmulatedImportedModel:
        """By ARN or name; raises `NotFound`."""
        with self._lock:
            if found := named(self._models_of(scope), wanted):
                return found
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the imported model {wanted}.")

    def awake(self, model: EmulatedImportedModel) -> None:
        """As a call of it begins; raises `ModelNotReady`."""
        with self._lock:
            if not model.wake(self.clock(), self.seconds):
                raise ModelNotReady(message=COLD)

    def tags(self, scope: Scope, resource: str) -> dict[str, str]:
        """Those of a job or a model, to be changed; raises `NotFound`."""
        job = ":model-import-job/" in resource
        return self._job(scope, resource).tags if job else self.model(scope, resource).tags

    def resource_tags(self, scope: Scope, resource: str) -> dict[str, str]:
        with self._lock:
            if ":model-import-job/" in resource:
                return tag_keys(self._of(scope), resource)
            return tag_keys(self._models_of(scope), resource)

    def _check(self, scope: Scope, request: dict[str, Any], jobs: list[EmulatedImport]) -> None:
        """UNCONFIRMED texts, and which error a name in use is."""
        if not offered_in(scope.region):
            why = f"Custom Model Import is not available in {scope.region}."
            raise ValidationError(message=why)
        models = self._models_of(scope)
        running = [each for each in jobs if each.status == "InProgress"]
        if request["jobName"] in {each.name for each in jobs}:
            why = f"The provided job name is currently in use: {request['jobName']}"
            raise ValidationError(message=why)
        taken = {each.name for each in models} | {each.model_name for each in running}
        if request["importedModelName"] in taken:
            why = f"The provided model name is currently in use: {request['importedModelName']}"
            raise ValidationError(message=why)
        if len(running) >= IMPORTS_AT_ONCE:
            why = f"Your account's quota of concurrent model import jobs is {IMPORTS_AT_ONCE}."
            raise QuotaExceeded(message=why)
        if len(models) >= MOST_IMPORTED:
            why = f"Your account's quota of imported models is {MOST_IMPORTED}."
            raise QuotaExceeded(message=why)

    def _job(self, scope: Scope, wanted: str) -> EmulatedImport:
        with self._lock:
            if found := named(self._of(scope), wanted):
                return found
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the model import job {wanted}.")

    def _models_of(self, scope: Scope) -> list[EmulatedImportedModel]:
        self._of(scope)
        return [each for each in self._models.values() if each.scope == scope]

    def _of(self, scope: Scope) -> list[EmulatedImport]:
        """The account's jobs in the Region, each as it is by now."""
        mine = [each for each in self._jobs.values() if each.scope == scope]
        for job in mine:
            if job.status == "InProgress" and job.due <= self.clock():
                self._finish(job)
        return mine

    def _finish(self, job: EmulatedImport) -> None:
        if self.faults.holds("stall", phase="Import", job=job.name):
            return
        job.modified = job.due
        try:
            model = self._import(job)
        except JobFailed as error:
            job.status, job.failure = "Failed", str(error)
            return
        self._models[model.arn] = model
        job.status, job.model_arn = "Completed", model.arn

    def _import(self, job: EmulatedImport) -> EmulatedImportedModel:
        if fault := self.faults.take("fail", phase="Import", job=job.name):
            raise JobFailed(fault.message)
        access.check_network(job, self.aws, tag=INTERFACE_TAG)
        return EmulatedImportedModel(
            job=job,
            arn=job.scope.arn(f"imported-model/{identifier()}"),
            created=job.due,
            folder=read_folder(job, self.aws),
            tags=_pairs(job.request.get("importedModelTags")),
        )


def _pairs(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {each["key"]: each["value"] for each in tags or []}
