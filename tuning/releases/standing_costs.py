"""What is kept and deployed of trained models, and what it costs a month while nobody asks it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tuning.models.import_units import awake_words, storage_of_units
from tuning.models.prices import (
    HOURS,
    PROVISIONED,
    STORAGE_PRICE,
    UNIT_STORAGE,
    prices,
    storage_per_month,
)
from tuning.models.serving import Serving
from tuning.releases.live_model import region_of
from tuning.reports.scale import count

BilledKind = Literal[
    "custom model", "deployment on demand", "provisioned throughput", "imported model"
]


@dataclass(frozen=True, kw_only=True)
class ModelOrigin:
    """Of a custom model that this environment has trained."""

    recipe: str
    version: int
    status: str
    """`live`, `before`, or nothing."""
    base_model: str

    @property
    def words(self) -> str:
        return f"{self.recipe} {self.version}" + (f", {self.status}" if self.status else "")


@dataclass(frozen=True, kw_only=True)
class StandingCost:
    """One thing in the account that is billed by the month or by the hour, or could be."""

    kind: BilledKind
    name: str
    arn: str
    model_arn: str
    origin: ModelOrigin | None
    """None of a model that this environment has not trained: the bill is the account's all the same."""
    usd_per_month: Decimal | None
    """None where no dated price is known."""
    basis: str
    """From when and where the price is, or why there is none."""

    def to_dict(self) -> dict[str, Any]:
        usd, origin = self.usd_per_month, self.origin
        return {
            "kind": self.kind,
            "name": self.name,
            "arn": self.arn,
            "model_arn": self.model_arn,
            "recipe": origin.recipe if origin else None,
            "version": origin.version if origin else None,
            "status": origin.status if origin else None,
            "usd_per_month": None if usd is None else f"{usd:f}",
            "basis": self.basis,
        }


def of_model(summary: Mapping[str, Any], origins: Mapping[str, ModelOrigin]) -> StandingCost:
    """`summary`: as ListCustomModels has it. `origins`: by ARN of the model."""
    price, arn = prices()[STORAGE_PRICE], summary["modelArn"]
    return StandingCost(
        kind="custom model",
        name=summary["modelName"],
        arn=arn,
        model_arn=arn,
        origin=origins.get(arn),
        usd_per_month=storage_per_month(),
        basis=f"{price['date']}, {price['source']}",
    )


def of_deployment(summary: Mapping[str, Any], origins: Mapping[str, ModelOrigin]) -> StandingCost:
    """`summary`: as ListCustomModelDeployments has it. It costs nothing while nobody asks it.
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    """
    origin = origins.get(summary["modelArn"])
    tokens = Serving.of(origin.base_model).on_demand_costs if origin else "at its base's price"
    return StandingCost(
        kind="deployment on demand",
        name=summary["customModelDeploymentName"],
        arn=summary["customModelDeploymentArn"],
        model_arn=summary["modelArn"],
        origin=origin,
        usd_per_month=Decimal(0),
        basis=f"idle; its tokens: {tokens}",
    )


def of_throughput(summary: Mapping[str, Any], origins: Mapping[str, ModelOrigin]) -> StandingCost:
    """`summary`: as ListProvisionedModelThroughputs has it. Billed by the hour while it exists, used or not.
    https://docs.aws.amazon.com/bedrock/latest/userguide/prov-throughput.html
    """
    base = summary["foundationModelArn"].rpartition("/")[2]
    price, units = prices()[PROVISIONED].get(base), int(summary["modelUnits"])
    commitment = summary.get("commitmentDuration")
    if commitment:
        usd, basis = None, f"committed for {commitment}: the price of a commitment is not known"
    elif price is None:
        usd, basis = None, f"by the hour; no dated price is known for {base}"
    else:
        usd = Decimal(price["usd"]) * units * HOURS
        basis = f"{units} model units for {HOURS} hours; {price['date']}, {price['source']}"
    return StandingCost(
        kind="provisioned throughput",
        name=summary["provisionedModelName"],
        arn=summary["provisionedModelArn"],
        model_arn=summary["modelArn"],
        origin=origins.get(summary["modelArn"]),
        usd_per_month=usd,
        basis=basis,
    )


def of_imported(
    summary: Mapping[str, Any], units: int | None, origins: Mapping[str, ModelOrigin]
) -> StandingCost:
    """`summary`: as ListImportedModels has it. Its storage is billed from its import on, by custom model units.
    https://docs.aws.amazon.com/bedrock/latest/userguide/import-model-calculate-cost.html
    """
    price, arn = prices()[UNIT_STORAGE], summary["modelArn"]
    awake = awake_words(region_of(arn), units)
    if units is None:
        usd, basis = None, f"Bedrock does not say how many custom model units it has. {awake}"
    else:
        usd = storage_of_units(units)
        basis = f"{count(units, 'custom model unit')}; {price['date']}, {price['source']}. {awake}"
    return StandingCost(
        kind="imported model",
        name=summary["modelName"],
        arn=arn,
        model_arn=arn,
        origin=origins.get(arn),
        usd_per_month=usd,
        basis=basis,
    )


def together(costs: Iterable[StandingCost]) -> Decimal:
    """Of those whose price is known."""
    return sum((each.usd_per_month or Decimal(0) for each in costs), Decimal(0))
