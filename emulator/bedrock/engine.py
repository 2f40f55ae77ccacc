"""The operations of the model customization API."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from emulator.bedrock import access, callers, listing
from emulator.bedrock import offered_models as catalog
from emulator.bedrock.api_errors import (
    Conflict,
    Denied,
    Internal,
    NotFound,
    QuotaExceeded,
    Throttled,
    ValidationError,
)
from emulator.bedrock.deployments import Deployments
from emulator.bedrock.emulated_jobs import (
    METHOD,
    TERMINAL,
    EmulatedJob,
    EmulatedModel,
    identifier,
    now,
)
from emulator.bedrock.evaluations import Evaluations
from emulator.bedrock.guardrails import Guardrails
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.job_phases import Trainer
from emulator.bedrock.kept_resources import replayed
from emulator.bedrock.logged_invocations import LoggedInvocations
from emulator.bedrock.model_imports import ModelImports
from emulator.bedrock.model_uses import check_no_job, model_named, model_tags
from emulator.bedrock.nearest_example import Examples
from emulator.bedrock.operations import IMPORTED, KEPT_HERE, NAMED_BY, OPERATIONS
from emulator.bedrock.ports import Scope, Surroundings
from emulator.bedrock.requests import validate
from emulator.bedrock.throughputs import Throughputs

Spawn = Callable[[Callable[[], None]], None]


@dataclass(kw_only=True)
class Engine:
    aws: Surroundings
    spawn: Spawn
    quota: int
    phase_seconds: float
    deployments: Deployments
    invocations: LoggedInvocations
    throughputs: Throughputs
    evaluations: Evaluations
    imports: ModelImports
    faults: Faults
    guardrails: Guardrails = field(default_factory=Guardrails)
    jobs: dict[str, EmulatedJob] = field(default_factory=dict)
    models: dict[str, EmulatedModel] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def call(self, operation: str, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """One call of the API; raises `ApiError`."""
        job = self._subject(request)
        if self.faults.take("throttle", operation=operation, job=job):
            raise Throttled(message="Too many requests, please wait before trying again.")
        validate(operation, request)
        for need in callers.permissions_needed(operation, scope, request):
            context = need.context | self.resource_tags(scope, need.resource)
            if refusal := self.aws.callers.refusal(need.action, need.resource, context):
                raise Denied(message=refusal)
        answer: dict[str, Any] = attrgetter(OPERATIONS[operation])(self)(scope, request)
        if fault := self.faults.take("lost-response", operation=operation, job=job):
            raise Internal(message=fault.message)
        return answer

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            mine = [each for each in list(self.jobs.values()) if each.scope == scope]
            if same := replayed(mine, request, Conflict):
                return {"jobArn": same.arn}
            job = self._new_job(scope, request)
            self._check_free(scope, job)
            self._check_quota(scope)
            if not self.aws.roles.may_be_assumed(job.role, job.arn):
                raise ValidationError(message="Could not assume provided IAM role.")
            self.jobs[job.arn] = job
        self.spawn(lambda: self._run(job))
        return {"jobArn": job.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self._job(scope, request["jobIdentifier"]).describe()

    def stop(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        job = self._job(scope, request["jobIdentifier"])
        if job.status != "Stopping" and not self._trainer().change(job, "Stopping"):
            # UNCONFIRMED text.
            raise Conflict(message=f"The job is already {job.status} and cannot be stopped.")
        job.stopping.set()
        return {}

    def list_jobs(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        mine = [job.summary() for job in list(self.jobs.values()) if job.scope == scope]
        page, more = listing.page(mine, request, listing.Members(name="jobName"))
        return {"modelCustomizationJobSummaries": page, **more}

    def list_models(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        mine = [model.summary() for model in list(self.models.values()) if model.job.scope == scope]
        page, more = listing.page(mine, request, listing.Members(name="modelName"))
        return {"modelSummaries": page, **more}

    def get_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self._model(scope, request["modelIdentifier"]).describe()

    def delete_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What uses it is in the way."""
        model = self._model(scope, request["modelIdentifier"])
        self.deployments.check_unused(model)
        check_no_job(model, list(self.jobs.values()))
        self.throughputs.check_unused(model)
        del self.models[model.arn]
        return {}

    def deploy(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.deployments.create(scope, request, self._model(scope, request["modelArn"]))

    def update_deployment(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.deployments.update(scope, request, self._model(scope, request["modelArn"]))

    def provision(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        model = self._find_model(scope, request["modelId"])
        return self.throughputs.create(scope, request, model)

    def update_throughput(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("desiredModelId")
        model = self._model(scope, wanted) if wanted else None
        return self.throughputs.update(scope, request, model)

    def resource_tags(self, scope: Scope, resource: str) -> dict[str, str]:
        """Condition keys of a call about a model or what answers, by its ARN or one that ends in its name."""
        if ":custom-model/" in resource:
            return model_tags(list(self.models.values()), scope, resource)
        if any(f":{kind}/" in resource for kind in IMPORTED):
            return self.imports.resource_tags(scope, resource)
        if ":guardrail/" in resource:
            return self.guardrails.resource_tags(scope, resource)
        kept = self.throughputs if ":provisioned-model/" in resource else self.deployments
        return kept.resource_tags(scope, resource)

    def tag(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(scope, request["resourceARN"])
        tags.update({each["key"]: each["value"] for each in request["tags"]})
        return {}

    def untag(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(scope, request["resourceARN"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(scope, request["resourceARN"])
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _subject(self, request: dict[str, Any]) -> str:
        """Name of the job or deployment that a request is about, for faults limited to some."""
        named = self.jobs.get(request.get("jobIdentifier", ""))
        return named.name if named else next((request[g] for g in NAMED_BY if g in request), "")

    def get_foundation_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return {"modelDetails": catalog.foundation_model(request["modelIdentifier"], scope.region)}

    def owns(self, operation: str, scope: Scope, request: dict[str, Any]) -> bool:
        """Whether a request is about a resource kept here, and not by the rest of Bedrock."""
        if operation == "GetFoundationModel":
            return catalog.foundation_model(request["modelIdentifier"], scope.region) is not None
        arn = request.get("resourceARN", ":custom-model/")
        return any(f":{kind}/" in arn for kind in KEPT_HERE)

    def _new_job(self, scope: Scope, request: dict[str, Any]) -> EmulatedJob:
        if "s3Uri" not in request["trainingDataConfig"]:
            raise ValidationError(
                message="The emulator reads training data from s3Uri only, not from invocation logs."
            )
        parent = self._find_model(scope, request["baseModelIdentifier"])
        method = request.get("customizationType", METHOD)
        base = parent.job.offer.model if parent else request["baseModelIdentifier"]
        offer = catalog.offer(base, method, scope.region)
        if offer.validation_refused and request.get("validationDataConfig", {}).get("validators"):
            # UNCONFIRMED text.
            raise ValidationError(message=f"Validation data is not supported for {offer.model}.")
        name = identifier()
        return EmulatedJob(
            scope=scope,
            request=request,
            offer=offer,
            id=name,
            arn=scope.arn(f"model-customization-job/{offer.model}/{name}"),
            base_model_arn=parent.arn
            if parent
            else f"arn:aws:bedrock:{scope.region}::foundation-model/{offer.model}",
            hyperparameters=offer.complete(request.get("hyperParameters", {})),
        )

    def _check_free(self, scope: Scope, wanted: EmulatedJob) -> None:
        for job in list(self.jobs.values()):
            if job.scope == scope and job.name == wanted.name:
                raise ValidationError(
                    message=f"The provided job name is currently in use: {wanted.name}"
                )
        taken = [
            model.job.model_name for model in list(self.models.values()) if model.job.scope == scope
        ]
        pending = [
            job.model_name
            for job in list(self.jobs.values())
            if job.scope == scope and job.status not in TERMINAL
        ]
        if wanted.model_name in taken + pending:
            raise ValidationError(
                message=f"The provided model name is currently in use: {wanted.model_name}"
            )

    def _check_quota(self, scope: Scope) -> None:
        """Scheduled customization jobs, L-0406044C: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
        fault = self.faults.take("quota", job="")
        limit = self.quota if fault is None else fault.limit
        if (
            sum(
                job.scope == scope and job.status not in TERMINAL
                for job in list(self.jobs.values())
            )
            >= limit
        ):
            # UNCONFIRMED text.
            raise QuotaExceeded(
                message=f"You have exceeded the quota of {limit} customization jobs in progress."
            )

    def _run(self, job: EmulatedJob) -> None:
        trainer = self._trainer()
        trainer.change(job, "InProgress")
        if not trainer.run(job):
            return
        examples = Examples.of(self.aws.objects.lines(*access.split_uri(job.training_uri)))
        arn = job.scope.arn(f"custom-model/{job.offer.model}/{identifier()}")
        tags = {each["key"]: each["value"] for each in job.request.get("customModelTags", [])}
        with self._lock:
            self.models[arn] = EmulatedModel(
                job=job, arn=arn, created=now(), tags=tags, examples=examples
            )
            job.model_arn = arn
            trainer.change(job, "Completed")

    def _trainer(self) -> Trainer:
        return Trainer(aws=self.aws, faults=self.faults, phase_seconds=self.phase_seconds)

    def _job(self, scope: Scope, wanted: str) -> EmulatedJob:
        for job in list(self.jobs.values()):
            if job.scope == scope and wanted in (job.arn, job.name):
                return job
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the model customization job {wanted}.")

    def _find_model(self, scope: Scope, wanted: str) -> EmulatedModel | None:
        return model_named(list(self.models.values()), scope, wanted)

    def _model(self, scope: Scope, wanted: str) -> EmulatedModel:
        if model := self._find_model(scope, wanted):
            return model
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the custom model {wanted}.")

    def _tags(self, scope: Scope, arn: str) -> dict[str, str]:
        if ":guardrail/" in arn:
            return self.guardrails.find(scope, arn).tags
        if ":custom-model-deployment/" in arn:
            return self.deployments.find(scope, arn).tags
        if ":provisioned-model/" in arn:
            return self.throughputs.find(scope, arn).tags
        if any(f":{kind}/" in arn for kind in IMPORTED):
            return self.imports.tags(scope, arn)
        return (
            self._model(scope, arn).tags if ":custom-model/" in arn else self._job(scope, arn).tags
        )
