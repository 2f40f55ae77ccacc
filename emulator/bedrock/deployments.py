"""On-demand deployments of custom models: a model that answers, under an ARN that stays.

Statuses go by the clock, and nobody publishes an event of them: a caller that waits has to poll.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateCustomModelDeployment.html
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge.html
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock import listing
from emulator.bedrock.api_errors import Conflict, NotFound, QuotaExceeded, ValidationError
from emulator.bedrock.emulated_jobs import (
    EmulatedModel,
    identifier,
    present,
    timestamp,
)
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.kept_resources import in_the_way, named, replayed, tag_keys
from emulator.bedrock.ports import Scope

MOST = 10
"""Deployments of an account in a Region, L-1EF80F3E."""
MOST_IN_PROGRESS = 2
"""Those being created, L-430C95DD: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
MUTATING = "Custom model deployment is in a mutating state"
"""Recorded of a deletion while Creating: a ValidationException, and no ConflictException
(cloud-custodian, tests/terraform/bedrock_deployable_custom_model). Of an update, and while a
deployment is being updated: INFERRED."""

LISTED = listing.Members(
    name="customModelDeploymentName",
    created="createdAt",
    after="createdAfter",
    before="createdBefore",
    equal=(("statusEquals", "status"), ("modelArnEquals", "modelArn")),
)


@dataclass(kw_only=True)
class ModelDeployment:
    scope: Scope
    request: dict[str, Any]
    model: EmulatedModel
    arn: str
    created: float
    due: float
    """When what is under way is done, by the emulator's clock."""
    modified: float
    status: str = "Creating"
    failure: str | None = None
    next_model: EmulatedModel | None = None
    update: str | None = None
    """Updating, UpdateCompleted or UpdateFailed; None before the first update."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.request["modelDeploymentName"])

    @property
    def base(self) -> str:
        return self.model.job.offer.model

    @property
    def answers(self) -> bool:
        return self.status == "Active"

    @property
    def mutating(self) -> bool:
        return self.status == "Creating" or self.update == "Updating"

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
class Deployments:
    faults: Faults
    clock: Callable[[], float]
    seconds: float
    """How long a creation or an update takes (on AWS: seven to eight minutes in public reports)."""
    _kept: dict[str, ModelDeployment] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create(self, scope: Scope, request: dict[str, Any], model: EmulatedModel) -> dict[str, Any]:
        with self._lock:
            mine = self._of(scope)
            if same := replayed(mine, request, ValidationError):
                return {"customModelDeploymentArn": same.arn}
            self._check_free(request["modelDeploymentName"], mine)
            if not model.job.offer.on_demand:
                # UNCONFIRMED text.
                # https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
                base = model.job.offer.model
                why = f"On-demand deployment is not supported for models customized from {base}."
                raise ValidationError(message=why)
            now = self.clock()
            made = ModelDeployment(
                scope=scope,
                request=request,
                model=model,
                arn=scope.arn(f"custom-model-deployment/{identifier()}"),
                created=now,
                modified=now,
                due=now + self.seconds,
                tags={each["key"]: each["value"] for each in request.get("tags", [])},
            )
            self._kept[made.arn] = made
            return {"customModelDeploymentArn": made.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["customModelDeploymentIdentifier"]).describe()

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = [each.summary() for each in self._of(scope)]
        page, more = listing.page(found, request, LISTED)
        return {"modelDeploymentSummaries": page, **more}

    def update(self, scope: Scope, request: dict[str, Any], model: EmulatedModel) -> dict[str, Any]:
        """While it is Updating, and for ever when that fails, the old model answers: UNCONFIRMED.

        So is that both models must come from the same base, which is the careful case.
        """
        with self._lock:
            found = self._settled(scope, request)
            if found.status != "Active":
                # UNCONFIRMED text.
                raise ValidationError(message="Custom model deployment is not in Active status")
            if model.job.offer.model != found.model.job.offer.model:
                # UNCONFIRMED text.
                why = f"The model must be customized from {found.model.job.offer.model}."
                raise ValidationError(message=why)
            found.next_model, found.update = model, "Updating"
            found.modified = self.clock()
            found.due = found.modified + self.seconds
            return {"customModelDeploymentArn": found.arn}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            del self._kept[self._settled(scope, request).arn]
        return {}

    def find(self, scope: Scope, wanted: str) -> ModelDeployment:
        """By ARN or name, as it is by now; raises `NotFound`."""
        with self._lock:
            if found := named(self._of(scope), wanted):
                return found
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the custom model deployment {wanted}.")

    def resource_tags(self, scope: Scope, resource: str) -> dict[str, str]:
        with self._lock:
            return tag_keys(self._of(scope), resource)

    def check_unused(self, model: EmulatedModel) -> None:
        with self._lock:
            if name := in_the_way(self._of(model.job.scope), model):
                # UNCONFIRMED text.
                raise Conflict(message=f"The model is used by the deployment {name}.")

    def _settled(self, scope: Scope, request: dict[str, Any]) -> ModelDeployment:
        found = self.find(scope, request["customModelDeploymentIdentifier"])
        if found.mutating:
            raise ValidationError(message=MUTATING)
        return found

    def _of(self, scope: Scope) -> list[ModelDeployment]:
        """What the account has in the Region, each as it is by now."""
        mine = [each for each in self._kept.values() if each.scope == scope]
        for each in mine:
            if each.mutating and each.due <= self.clock():
                self._finish(each)
        return mine

    def _finish(self, deployment: ModelDeployment) -> None:
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
