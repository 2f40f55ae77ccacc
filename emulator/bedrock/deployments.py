"""On-demand deployments of custom models: a model that answers, under an ARN that stays.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateCustomModelDeployment.html
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from emulator.bedrock import listing
from emulator.bedrock.api_errors import QuotaExceeded, ValidationError
from emulator.bedrock.emulated_jobs import EmulatedModel, present, timestamp
from emulator.bedrock.kept_resources import check_none_uses, replayed
from emulator.bedrock.ports import Scope
from emulator.bedrock.timed_resources import TimedResource, TimedResources

MOST = 10
"""Deployments of an account in a Region, L-1EF80F3E."""
MOST_IN_PROGRESS = 2
"""Those being created, L-430C95DD: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
MUTATING = "Custom model deployment is in a mutating state"
"""Recorded of a deletion while Creating: a ValidationException, and no ConflictException
(cloud-custodian, tests/terraform/bedrock_deployable_custom_model). Of an update, and while a
deployment is being updated: INFERRED."""

LISTED = listing.Members(
    summaries="modelDeploymentSummaries",
    name="customModelDeploymentName",
    created="createdAt",
    after="createdAfter",
    before="createdBefore",
    equal=(("statusEquals", "status"), ("modelArnEquals", "modelArn")),
)


@dataclass(kw_only=True)
class ModelDeployment(TimedResource):
    named_by: ClassVar[str] = "modelDeploymentName"
    model: EmulatedModel
    next_model: EmulatedModel | None = None
    update: str | None = None
    """Updating, UpdateCompleted or UpdateFailed; None before the first update."""

    @property
    def base(self) -> str:
        return self.model.job.offer.model

    @property
    def answers(self) -> bool:
        return self.status == "Active"

    @property
    def mutating(self) -> bool:
        return super().mutating or self.update == "Updating"

    def describe(self) -> dict[str, Any]:
        """GetCustomModelDeployment."""
        updated = self.next_model and {
            "modelArn": self.next_model.arn,
            "updateStatus": self.update,
        }
        return present(
            customModelDeploymentArn=self.arn,
            modelDeploymentName=self.name,
            modelArn=self.model.arn,
            createdAt=timestamp(self.created),
            status=self.status,
            description=self.request.get("description"),
            updateDetails=updated,
            failureMessage=self.failure,
            lastUpdatedAt=timestamp(self.modified),
        )

    def summary(self) -> dict[str, Any]:
        """One entry of ListCustomModelDeployments, which has another word for the name."""
        kept = (
            *("customModelDeploymentArn", "modelArn", "createdAt", "status", "lastUpdatedAt"),
            "failureMessage",
        )
        described = self.describe()
        shown = {name: described[name] for name in kept if name in described}
        return shown | {"customModelDeploymentName": self.name}


@dataclass(kw_only=True)
class Deployments(TimedResources[ModelDeployment]):
    """A creation takes seven to eight minutes in public reports, and so does an update."""

    kind: str = "custom-model-deployment"
    called: str = "custom model deployment"

    def create(self, scope: Scope, request: dict[str, Any], model: EmulatedModel) -> dict[str, Any]:
        with self.lock:
            mine = self.of(scope)
            if same := replayed(mine, request, ValidationError):
                return {"customModelDeploymentArn": same.arn}
            self._check_free(request["modelDeploymentName"], mine)
            if not model.job.offer.on_demand:
                # UNCONFIRMED text.
                # https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
                base = model.job.offer.model
                why = f"On-demand deployment is not supported for models customized from {base}."
                raise ValidationError(message=why)
            made = ModelDeployment(request=request, model=model, **self.beginning(scope))
            self.kept[made.arn] = made
            return {"customModelDeploymentArn": made.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["customModelDeploymentIdentifier"]).describe()

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.of(scope), request, LISTED)

    def update(self, scope: Scope, request: dict[str, Any], model: EmulatedModel) -> dict[str, Any]:
        """While it is Updating, and for ever when that fails, the old model answers: UNCONFIRMED.

        So is that both models must come from the same base, which is the careful case.
        """
        with self.lock:
            found = self._settled(scope, request)
            if found.status != "Active":
                # UNCONFIRMED text.
                raise ValidationError(message="Custom model deployment is not in Active status")
            if model.job.offer.model != found.model.job.offer.model:
                # UNCONFIRMED text.
                why = f"The model must be customized from {found.model.job.offer.model}."
                raise ValidationError(message=why)
            found.next_model, found.update = model, "Updating"
            self.begin(found, found.status)
            return {"customModelDeploymentArn": found.arn}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            del self.kept[self._settled(scope, request).arn]
        return {}

    def check_unused(self, model: EmulatedModel) -> None:
        check_none_uses(self.of(model.scope), model, "deployment")

    def _settled(self, scope: Scope, request: dict[str, Any]) -> ModelDeployment:
        found = self.find(scope, request["customModelDeploymentIdentifier"])
        if found.mutating:
            raise ValidationError(message=MUTATING)
        return found

    def finish(self, deployment: ModelDeployment) -> None:
        deployment.modified = deployment.due
        fault = self.faults.take("fail", phase="Deployment", job=deployment.name)
        if deployment.status == "Creating":
            deployment.status = "Failed" if fault else "Active"
            deployment.failure = fault.message if fault else None
        elif fault:
            deployment.update = "UpdateFailed"
        else:
            deployment.update = "UpdateCompleted"
            assert deployment.next_model is not None  # noqa: S101 — set with Updating
            deployment.model = deployment.next_model

    def _check_free(self, name: str, mine: list[ModelDeployment]) -> None:
        if name in {each.name for each in mine}:
            # UNCONFIRMED text; the operation has no ConflictException.
            raise ValidationError(message=f"The provided deployment name is in use: {name}")
        for limit, held in (
            (MOST, len(mine)),
            (MOST_IN_PROGRESS, sum(each.status == "Creating" for each in mine)),
        ):
            if held >= limit:
                # UNCONFIRMED text.
                why = f"You have exceeded the quota of {limit} custom model deployments."
                raise QuotaExceeded(message=why)
