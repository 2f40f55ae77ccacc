"""Provisioned Throughput: model units by the hour, under which a model answers at an ARN that stays.

As of deployments, statuses go by the clock, and nobody publishes an event of them.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateProvisionedModelThroughput.html
https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-edit.html
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock import listing
from emulator.bedrock import offered_models as catalog
from emulator.bedrock.api_errors import (
    Conflict,
    Denied,
    NotFound,
    QuotaExceeded,
    ValidationError,
)
from emulator.bedrock.emulated_jobs import (
    EmulatedModel,
    identifier,
    present,
    timestamp,
)
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.kept_resources import in_the_way, named, replayed, tag_keys
from emulator.bedrock.ports import Scope

LISTED_THROUGHPUTS = listing.Members(
    name="provisionedModelName",
    equal=(("statusEquals", "status"), ("modelArnEquals", "modelArn")),
)


@dataclass(kw_only=True)
class Throughput:
    scope: Scope
    request: dict[str, Any]
    base: str
    """The base model, also of a custom one."""
    model: EmulatedModel | None
    """None: it is the base model that answers."""
    arn: str
    created: float
    due: float
    """When what is under way is done, by the emulator's clock."""
    modified: float
    status: str = "Creating"
    failure: str | None = None
    next_model: EmulatedModel | None = None
    """Wanted; the one that answers once that is done."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.request["provisionedModelName"])

    @property
    def answers(self) -> bool:
        """Also while it is Updating: "you can run inference … without disrupting the on-going traffic"."""
        return self.status in ("InService", "Updating")

    @property
    def mutating(self) -> bool:
        return self.status in ("Creating", "Updating")

    @property
    def units(self) -> int:
        return int(self.request["modelUnits"])

    def describe(self) -> dict[str, Any]:
        """GetProvisionedModelThroughput, and an entry of the list but for the failure."""
        base = f"arn:aws:bedrock:{self.scope.region}::foundation-model/{self.base}"
        model = self.model.arn if self.model else base
        return present(
            modelUnits=self.units,
            desiredModelUnits=self.units,
            provisionedModelName=self.name,
            provisionedModelArn=self.arn,
            modelArn=model,
            desiredModelArn=self.next_model.arn if self.next_model else model,
            foundationModelArn=base,
            status=self.status,
            creationTime=timestamp(self.created),
            lastModifiedTime=timestamp(self.modified),
            failureMessage=self.failure,
        )

    def summary(self) -> dict[str, Any]:
        return {k: v for k, v in self.describe().items() if k != "failureMessage"}


@dataclass(kw_only=True)
class Throughputs:
    faults: Faults
    clock: Callable[[], float]
    seconds: float
    """How long a creation or an update takes (on AWS: 20 to 30 minutes in a public notebook)."""
    units: int
    """Of all together: L-BE77399C. https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
    key_opens: Callable[[str | None], bool]
    """Whether the policy of a model's key lets Bedrock itself in."""
    _kept: dict[str, Throughput] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create(
        self, scope: Scope, request: dict[str, Any], model: EmulatedModel | None
    ) -> dict[str, Any]:
        """`model`: the custom one, if the request names any; else it names a base model."""
        with self._lock:
            mine = self._of(scope)
            if same := replayed(mine, request, ValidationError):
                return {"provisionedModelArn": same.arn}
            base = model.job.offer.model if model else request["modelId"].rpartition("/")[2]
            self._check(scope, request, model, base)
            if request["provisionedModelName"] in {each.name for each in mine}:
                # UNCONFIRMED text; the operation has no ConflictException.
                raise ValidationError(message="The provided provisioned model name is in use.")
            held = sum(each.units for each in mine if each.status != "Failed")
            if held + int(request["modelUnits"]) > self.units:
                # Recorded of an account with a quota of 0:
                # cloud-custodian, tests/terraform/bedrock_provisionable_custom_model
                why = "Your account does not currently have any no commitment model units reserved for"
                raise QuotaExceeded(message=f"{why} {base}.")
            now = self.clock()
            made = Throughput(
                scope=scope,
                request=request,
                base=base,
                model=model,
                arn=scope.arn(f"provisioned-model/{identifier()}"),
                created=now,
                modified=now,
                due=now + self.seconds,
                tags={each["key"]: each["value"] for each in request.get("tags", [])},
            )
            self._kept[made.arn] = made
            return {"provisionedModelArn": made.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["provisionedModelId"]).describe()

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = [each.summary() for each in self._of(scope)]
        page, more = listing.page(found, request, LISTED_THROUGHPUTS)
        return {"provisionedModelSummaries": page, **more}

    def update(
        self, scope: Scope, request: dict[str, Any], model: EmulatedModel | None
    ) -> dict[str, Any]:
        """To a sibling only: the way back to the base model, which AWS has too, is left out."""
        with self._lock:
            found = self.find(scope, request["provisionedModelId"])
            if found.status != "InService":
                # UNCONFIRMED text; the operation has no ConflictException.
                raise ValidationError(message=f"The provisioned model is {found.status}.")
            if model:
                if found.model is None or model.job.offer.model != found.base:
                    # UNCONFIRMED text.
                    why = f"The model must be customized from {found.base}, as the one that it replaces."
                    raise ValidationError(message=why)
                found.next_model, found.status, found.failure = model, "Updating", None
                found.modified = self.clock()
                found.due = found.modified + self.seconds
            if name := request.get("desiredProvisionedModelName"):
                found.request = {**found.request, "provisionedModelName": name}
        return {}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = self.find(scope, request["provisionedModelId"])
            if found.mutating:
                # UNCONFIRMED which error; the operation has a ConflictException.
                raise Conflict(message=f"The provisioned model is {found.status}.")
            del self._kept[found.arn]
        return {}

    def find(self, scope: Scope, wanted: str) -> Throughput:
        """By ARN or name, as it is by now; raises `NotFound`."""
        with self._lock:
            if found := named(self._of(scope), wanted):
                return found
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the provisioned model {wanted}.")

    def resource_tags(self, scope: Scope, resource: str) -> dict[str, str]:
        with self._lock:
            return tag_keys(self._of(scope), resource)

    def check_unused(self, model: EmulatedModel) -> None:
        with self._lock:
            if name := in_the_way(self._of(model.job.scope), model):
                # UNCONFIRMED text.
                raise Conflict(message=f"The model is used by the provisioned model {name}.")

    def _check(
        self, scope: Scope, request: dict[str, Any], model: EmulatedModel | None, base: str
    ) -> None:
        if request.get("commitmentDuration"):
            raise ValidationError(message="The emulator sells no commitments.")
        if not (model.job.offer.provisioned if model else _offered(base, scope)):
            # UNCONFIRMED text.
            # https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-supported.html
            why = f"Provisioned Throughput is not supported for {base}."
            raise ValidationError(message=why)
        key = model.job.request.get("customModelKmsKeyId") if model else None
        if model and "nova" in base and not self.key_opens(key):
            # https://docs.aws.amazon.com/nova/latest/userguide/customize-fine-tune-encrypt.html
            # UNCONFIRMED text.
            raise Denied(message=f"The key policy of {key} does not allow Bedrock to use the key.")

    def _of(self, scope: Scope) -> list[Throughput]:
        """What the account has in the Region, each as it is by now."""
        mine = [each for each in self._kept.values() if each.scope == scope]
        for each in mine:
            if each.mutating and each.due <= self.clock():
                self._finish(each)
        return mine

    def _finish(self, found: Throughput) -> None:
        """Of an update that fails, UNCONFIRMED: that the former model goes on answering, in service."""
        found.modified = found.due
        fault = self.faults.take("fail", phase="Deployment", job=found.name)
        found.failure = fault.message if fault else None
        if found.status == "Creating":
            found.status = "Failed" if fault else "InService"
            return
        found.status = "InService"
        if not fault:
            found.model, found.next_model = found.next_model, None


def _offered(base: str, scope: Scope) -> bool:
    found = catalog.foundation_model(base, scope.region)
    return found is not None and "PROVISIONED" in found["inferenceTypesSupported"]
