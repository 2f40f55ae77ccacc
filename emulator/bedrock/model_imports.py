"""Custom Model Import: one job at a time makes one of three models, of a folder that its role may read.

There is no stopping.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelImportJob.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-import-model.html
"""

from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock import access, listing
from emulator.bedrock.api_errors import (
    Conflict,
    JobFailed,
    ModelNotReady,
    QuotaExceeded,
    ValidationError,
)
from emulator.bedrock.emulated_imports import EmulatedImport, EmulatedImportedModel
from emulator.bedrock.emulated_jobs import identifier, tag_pairs
from emulator.bedrock.kept_resources import KeptResources, replayed
from emulator.bedrock.ports import Scope, Surroundings
from emulator.bedrock.timed_resources import TimedResources
from emulator.bedrock.weights_folder import offered_in, read_folder

LISTED_IMPORTS = listing.Members(summaries="modelImportJobSummaries", name="jobName")
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
class ModelImports(TimedResources[EmulatedImport]):
    """Jobs, with the models that they make. A job takes minutes, and so does loading a model."""

    kind: str = "model-import-job"
    called: str = "model import job"
    aws: Surroundings
    models: KeptResources[EmulatedImportedModel] = field(init=False)

    def __post_init__(self) -> None:
        self.models = KeptResources(
            kind="imported-model", called="imported model", settle_first=self.of, lock=self.lock
        )

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            jobs = self.of(scope)
            if same := replayed(jobs, request, Conflict):
                return {"jobArn": same.arn}
            self._check(scope, request, jobs)
            job = EmulatedImport(request=request, **self.beginning(scope))
            if not self.aws.roles.may_be_assumed(job.role, job.arn):
                raise ValidationError(message=YOUNG)
            self.kept[job.arn] = job
            return {"jobArn": job.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["jobIdentifier"]).describe()

    def list_jobs(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.of(scope), request, LISTED_IMPORTS)

    def get_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.models.find(scope, request["modelIdentifier"]).describe()

    def list_models(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.models.of(scope), request, listing.LISTED_MODELS)

    def delete_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """Nothing that the emulator has uses one but its callers, so that there is no ConflictException."""
        with self.lock:
            del self.models.kept[self.models.find(scope, request["modelIdentifier"]).arn]
        return {}

    def awake(self, model: EmulatedImportedModel) -> None:
        """As a call of it begins; raises `ModelNotReady`."""
        with self.lock:
            if not model.wake(self.clock(), self.seconds):
                raise ModelNotReady(message=COLD)

    def _check(self, scope: Scope, request: dict[str, Any], jobs: list[EmulatedImport]) -> None:
        """UNCONFIRMED texts, and which error a name in use is."""
        if not offered_in(scope.region):
            why = f"Custom Model Import is not available in {scope.region}."
            raise ValidationError(message=why)
        models = self.models.of(scope)
        running = [each for each in jobs if each.mutating]
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

    def finish(self, job: EmulatedImport) -> None:
        if self.faults.holds("stall", phase="Import", job=job.name):
            return
        job.modified = job.due
        try:
            model = self._import(job)
        except JobFailed as error:
            job.status, job.failure = "Failed", str(error)
            return
        self.models.kept[model.arn] = model
        job.status, job.model_arn = "Completed", model.arn

    def _import(self, job: EmulatedImport) -> EmulatedImportedModel:
        self.faults.strike("Import", job.name)
        access.check_network(job, self.aws, tag=INTERFACE_TAG)
        return EmulatedImportedModel(
            job=job,
            arn=job.scope.arn(f"imported-model/{identifier()}"),
            created=job.due,
            folder=read_folder(job, self.aws),
            tags=tag_pairs(job.request.get("importedModelTags")),
        )
