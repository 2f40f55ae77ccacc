"""The operations of the model customization API."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from operator import attrgetter
from typing import Any

from emulator.bedrock import access, callers, listing
from emulator.bedrock import offered_models as catalog
from emulator.bedrock.api_errors import (
    Conflict,
    Denied,
    Internal,
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
    tag_pairs,
)
from emulator.bedrock.evaluations import Evaluations
from emulator.bedrock.guardrails import Guardrails
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.job_phases import Trainer
from emulator.bedrock.kept_resources import KeptResources, replayed
from emulator.bedrock.logged_invocations import LoggedInvocations
from emulator.bedrock.model_imports import ModelImports
from emulator.bedrock.nearest_example import Examples
from emulator.bedrock.operations import NAMED_BY, OPERATIONS
from emulator.bedrock.ports import LogPlaces, Scope, Surroundings
from emulator.bedrock.requests import validate
from emulator.bedrock.throughputs import Throughputs

Spawn = Callable[[Callable[[], None]], None]
_LISTED_JOBS = listing.Members(summaries="modelCustomizationJobSummaries", name="jobName")


@dataclass(kw_only=True)
class Engine:
    aws: Surroundings
    spawn: Spawn
    quota: int
    phase_seconds: float
    clock: InitVar[Callable[[], float]]
    seconds: InitVar[float]
    """How long that takes which goes by the clock."""
    units: InitVar[int]
    key_opens: InitVar[Callable[[str | None], bool]]
    places: InitVar[LogPlaces]
    faults: Faults = field(default_factory=Faults)
    guardrails: Guardrails = field(default_factory=Guardrails)
    jobs: KeptResources[EmulatedJob] = field(init=False)
    models: KeptResources[EmulatedModel] = field(init=False)
    deployments: Deployments = field(init=False)
    invocations: LoggedInvocations = field(init=False)
    throughputs: Throughputs = field(init=False)
    evaluations: Evaluations = field(init=False)
    imports: ModelImports = field(init=False)

    def __post_init__(
        self,
        clock: Callable[[], float],
        seconds: float,
        units: int,
        key_opens: Callable[[str | None], bool],
        places: LogPlaces,
    ) -> None:
        self.jobs = KeptResources(kind="model-customization-job", called="model customization job")
        self.models = KeptResources(kind="custom-model", called="custom model", lock=self.jobs.lock)
        timed: dict[str, Any] = {"faults": self.faults, "clock": clock, "seconds": seconds}
        self.deployments = Deployments(**timed)
        self.throughputs = Throughputs(**timed, units=units, key_opens=key_opens)
        self.evaluations = Evaluations(**timed, aws=self.aws)
        self.imports = ModelImports(**timed, aws=self.aws)
        self.invocations = LoggedInvocations(
            roles=self.aws.roles, objects=self.aws.objects, places=places
        )

    def call(self, operation: str, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """One call of the API; raises `ApiError`."""
        job = self._subject(request)
        if self.faults.take("throttle", operation=operation, job=job):
            raise Throttled(message="Too many requests, please wait before trying again.")
        validate(operation, request)
        for need in callers.permissions_needed(operation, scope, request):
            context = need.context | self.condition_keys(scope, need.resource)
            if refusal := self.aws.callers.refusal(need.action, need.resource, context):
                raise Denied(message=refusal)
        answer: dict[str, Any] = attrgetter(OPERATIONS[operation])(self)(scope, request)
        if fault := self.faults.take("lost-response", operation=operation, job=job):
            raise Internal(message=fault.message)
        return answer

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.jobs.lock:
            if same := replayed(self.jobs.of(scope), request, Conflict):
                return {"jobArn": same.arn}
            job = self._new_job(scope, request)
            self._check_free(scope, job)
            self._check_quota(scope)
            if not self.aws.roles.may_be_assumed(job.role, job.arn):
                raise ValidationError(message="Could not assume provided IAM role.")
            self.jobs.kept[job.arn] = job
        self.spawn(lambda: self._run(job))
        return {"jobArn": job.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.jobs.find(scope, request["jobIdentifier"]).describe()

    def stop(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        job = self.jobs.find(scope, request["jobIdentifier"])
        if job.status != "Stopping" and not self._trainer().change(job, "Stopping"):
            # UNCONFIRMED text.
            raise Conflict(message=f"The job is already {job.status} and cannot be stopped.")
        job.stopping.set()
        return {}

    def list_jobs(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.jobs.of(scope), request, _LISTED_JOBS)

    def list_models(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.models.of(scope), request, listing.LISTED_MODELS)

    def get_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.models.find(scope, request["modelIdentifier"]).describe()

    def delete_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What uses it is in the way. A model that a job goes on training stays: inferred, as of deployments, from the
        ConflictException that the operation has.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_DeleteCustomModel.html
        """
        model = self.models.find(scope, request["modelIdentifier"])
        self.deployments.check_unused(model)
        for job in self._unended(scope):
            if job.base_model_arn == model.arn:
                # UNCONFIRMED text.
                raise Conflict(message=f"The model is used by the customization job {job.name}.")
        self.throughputs.check_unused(model)
        del self.models.kept[model.arn]
        return {}

    def deploy(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.deployments.create(scope, request, self.models.find(scope, request["modelArn"]))

    def update_deployment(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.deployments.update(scope, request, self.models.find(scope, request["modelArn"]))

    def provision(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        model = self.models.look_up(scope, request["modelId"])
        return self.throughputs.create(scope, request, model)

    def update_throughput(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("desiredModelId")
        model = self.models.find(scope, wanted) if wanted else None
        return self.throughputs.update(scope, request, model)

    def condition_keys(self, scope: Scope, resource: str) -> dict[str, str]:
        """Of a call about a model or what answers, by its ARN or one that ends in its name."""
        kept = self._kept_as(resource)
        return kept.condition_keys(scope, resource) if kept else {}

    def tag(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(scope, request["resourceARN"])
        tags.update(tag_pairs(request["tags"]))
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
        named = self.jobs.kept.get(request.get("jobIdentifier", ""))
        return named.name if named else next((request[g] for g in NAMED_BY if g in request), "")

    def get_foundation_model(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return {"modelDetails": catalog.foundation_model(request["modelIdentifier"], scope.region)}

    def owns(self, operation: str, scope: Scope, request: dict[str, Any]) -> bool:
        """Whether a request is about a resource kept here, and not by the rest of Bedrock."""
        if operation == "GetFoundationModel":
            return catalog.foundation_model(request["modelIdentifier"], scope.region) is not None
        return "resourceARN" not in request or self._kept_as(request["resourceARN"]) is not None

    def _new_job(self, scope: Scope, request: dict[str, Any]) -> EmulatedJob:
        if "s3Uri" not in request["trainingDataConfig"]:
            raise ValidationError(
                message="The emulator reads training data from s3Uri only, not from invocation logs."
            )
        parent = self.models.look_up(scope, request["baseModelIdentifier"])
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
        if wanted.name in {job.name for job in self.jobs.of(scope)}:
            raise ValidationError(
                message=f"The provided job name is currently in use: {wanted.name}"
            )
        taken = [model.name for model in self.models.of(scope)]
        pending = [job.model_name for job in self._unended(scope)]
        if wanted.model_name in taken + pending:
            raise ValidationError(
                message=f"The provided model name is currently in use: {wanted.model_name}"
            )

    def _check_quota(self, scope: Scope) -> None:
        """Scheduled customization jobs, L-0406044C: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
        fault = self.faults.take("quota", job="")
        limit = self.quota if fault is None else fault.limit
        if len(self._unended(scope)) >= limit:
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
        tags = tag_pairs(job.request.get("customModelTags"))
        with self.models.lock:
            self.models.kept[arn] = EmulatedModel(
                job=job, arn=arn, created=now(), tags=tags, examples=examples
            )
            job.model_arn = arn
            trainer.change(job, "Completed")

    def _trainer(self) -> Trainer:
        return Trainer(aws=self.aws, faults=self.faults, phase_seconds=self.phase_seconds)

    def _unended(self, scope: Scope) -> list[EmulatedJob]:
        return [job for job in self.jobs.of(scope) if job.status not in TERMINAL]

    def _tags(self, scope: Scope, arn: str) -> dict[str, str]:
        """To be changed; raises `NotFound`."""
        kept = self._kept_as(arn) or self.jobs
        tags: dict[str, str] = kept.find(scope, arn).tags
        return tags

    def _kept_as(self, arn: str) -> KeptResources[Any] | None:
        """Those of its kind; the rest of Bedrock is MiniStack's."""
        kind = arn.partition("/")[0].rpartition(":")[2]
        answering = (self.deployments, self.throughputs, self.imports, self.imports.models)
        kept = (self.jobs, self.models, *answering, self.guardrails)
        return next((each for each in kept if each.kind == kind), None)
