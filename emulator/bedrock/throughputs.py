"""Provisioned Throughput: model units by the hour, under which a model answers at an ARN that stays.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateProvisionedModelThroughput.html
https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-edit.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from emulator.bedrock import listing
from emulator.bedrock import offered_models as catalog
from emulator.bedrock.api_errors import Conflict, Denied, QuotaExceeded, ValidationError
from emulator.bedrock.emulated_jobs import EmulatedModel, present, timestamp
from emulator.bedrock.kept_resources import check_none_uses, replayed
from emulator.bedrock.ports import Scope
from emulator.bedrock.timed_resources import TimedResource, TimedResources

LISTED_THROUGHPUTS = listing.Members(
    summaries="provisionedModelSummaries",
    name="provisionedModelName",
    equal=(("statusEquals", "status"), ("modelArnEquals", "modelArn")),
)


@dataclass(kw_only=True)
class Throughput(TimedResource):
    named_by: ClassVar[str] = "provisionedModelName"
    base: str
    """The base model, also of a custom one."""
    model: EmulatedModel | None
    """None: it is the base model that answers."""
    next_model: EmulatedModel | None = None
    """Wanted; the one that answers once that is done."""

    @property
    def answers(self) -> bool:
        """Also while it is Updating: "you can run inference … without disrupting the on-going traffic"."""
        return self.status in ("InService", "Updating")

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
class Throughputs(TimedResources[Throughput]):
    """A creation takes 20 to 30 minutes in a public notebook, and so does an update."""

    kind: str = "provisioned-model"
    called: str = "provisioned model"
    units: int
    """Of all together: L-BE77399C. https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
    key_opens: Callable[[str | None], bool]
    """Whether the policy of a model's key lets Bedrock itself in."""

    def create(
        self, scope: Scope, request: dict[str, Any], model: EmulatedModel | None
    ) -> dict[str, Any]:
        """`model`: the custom one, if the request names any; else it names a base model."""
        with self.lock:
            mine = self.of(scope)
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
            made = Throughput(request=request, base=base, model=model, **self.beginning(scope))
            self.kept[made.arn] = made
            return {"provisionedModelArn": made.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["provisionedModelId"]).describe()

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return listing.page(self.of(scope), request, LISTED_THROUGHPUTS)

    def update(
        self, scope: Scope, request: dict[str, Any], model: EmulatedModel | None
    ) -> dict[str, Any]:
        """To a sibling only: the way back to the base model, which AWS has too, is left out."""
        with self.lock:
            found = self.find(scope, request["provisionedModelId"])
            if found.status != "InService":
                # UNCONFIRMED text; the operation has no ConflictException.
                raise ValidationError(message=f"The provisioned model is {found.status}.")
            if model:
                if found.model is None or model.job.offer.model != found.base:
                    # UNCONFIRMED text.
                    why = f"The model must be customized from {found.base}, as the one that it replaces."
                    raise ValidationError(message=why)
                found.next_model, found.failure = model, None
                self.begin(found, "Updating")
            if name := request.get("desiredProvisionedModelName"):
                found.request = {**found.request, "provisionedModelName": name}
        return {}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            found = self.find(scope, request["provisionedModelId"])
            if found.mutating:
                # UNCONFIRMED which error; the operation has a ConflictException.
                raise Conflict(message=f"The provisioned model is {found.status}.")
            del self.kept[found.arn]
        return {}

    def check_unused(self, model: EmulatedModel) -> None:
        check_none_uses(self.of(model.scope), model, self.called)

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

    def finish(self, found: Throughput) -> None:
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
