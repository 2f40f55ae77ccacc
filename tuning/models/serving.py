"""What it costs to have answers of a custom model, where a dated price is known."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self

from msgspec import Struct, structs

from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.catalog import Model, catalog
from tuning.models.model_units import UNITS_EACH
from tuning.models.prices import PROVISIONED, SERVING, prices

_NOT_KNOWN = "offered, but no dated price is known"
_NOT_OFFERED = "not listed by AWS for this model"


class Serving(Struct, frozen=True, kw_only=True):
    """On demand is billed by the token and costs nothing idle; Provisioned Throughput by the hour,
    used or not. Which models have which:
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-supported.html
    """

    model: str
    on_demand: bool
    provisioned: bool
    input_usd_per_1000_tokens: Decimal | None
    output_usd_per_1000_tokens: Decimal | None
    provisioned_usd_per_hour: Decimal | None
    """Of one model unit, without a commitment."""

    @classmethod
    def of(cls, model: str) -> Self:
        known, tokens = catalog().model(model), prices()[SERVING].get(model, {})
        hour = prices()[PROVISIONED].get(model, {})
        return cls(
            model=model,
            on_demand=known.on_demand,
            provisioned=known.provisioned,
            input_usd_per_1000_tokens=_dollars(tokens.get("input_usd")),
            output_usd_per_1000_tokens=_dollars(tokens.get("output_usd")),
            provisioned_usd_per_hour=_dollars(hour.get("usd")),
        )

    @property
    def on_demand_costs(self) -> str:
        given, made = self.input_usd_per_1000_tokens, self.output_usd_per_1000_tokens
        if not self.on_demand:
            return _NOT_OFFERED
        if given is None or made is None:
            return _NOT_KNOWN
        return f"{_million(given)} for a million tokens in, {_million(made)} for a million out"

    @property
    def provisioned_costs(self) -> str:
        if not self.provisioned:
            return _NOT_OFFERED
        hour = self.provisioned_usd_per_hour
        return _NOT_KNOWN if hour is None else f"${hour:,} an hour for one model unit, used or not"

    def of_tokens(self, given: int, made: int) -> Decimal | None:
        """Dollars for so many tokens in and out, on demand; None where no dated price is known."""
        first, second = self.input_usd_per_1000_tokens, self.output_usd_per_1000_tokens
        if first is None or second is None:
            return None
        return (given * first + made * second) / 1000

    @property
    def basis(self) -> Iterator[str]:
        """Where each figure comes from, or that there is none."""
        for words, offered, table in (
            ("serving on demand", self.on_demand, SERVING),
            ("serving provisioned", self.provisioned, PROVISIONED),
        ):
            row = prices()[table].get(self.model)
            if row is not None:
                yield f"{words}: {row['date']}, {row['source']}"
            elif offered:
                yield f"{words}: no dated price is known for {self.model}"

    def to_dict(self) -> dict[str, Any]:
        amounts = {name: value for name, value in structs.asdict(self).items() if "usd" in name}
        return {
            "on_demand": self.on_demand,
            "provisioned": self.provisioned,
            **{name: None if usd is None else f"{usd:f}" for name, usd in amounts.items()},
            "on_demand_costs": self.on_demand_costs,
            "provisioned_costs": self.provisioned_costs,
        }


class ThroughputBound(Struct, frozen=True, kw_only=True):
    """The most that the Provisioned Throughput of one release comes to: a candidate, and what is live then. It is
    removed within half an hour after its time; what a release takes of what is live already is counted anew.
    """

    candidate_hours: int
    live_hours: int
    usd_per_hour: Decimal | None
    """Of one model unit, without a commitment; None where no dated price is known."""

    @classmethod
    def of(cls, options: ReleaseOptions | None, base_model: str) -> Self | None:
        """None of a recipe whose models are deployed on demand, or not at all."""
        if options is None or options.provisioned_hours is None:
            return None
        return cls(
            candidate_hours=options.candidate_hours,
            live_hours=options.provisioned_hours,
            usd_per_hour=Serving.of(base_model).provisioned_usd_per_hour,
        )

    @property
    def usd(self) -> Decimal | None:
        hours = (self.candidate_hours + self.live_hours) * UNITS_EACH
        return None if self.usd_per_hour is None else self.usd_per_hour * hours

    @property
    def words(self) -> str:
        hours = f"{self.candidate_hours} h of a candidate and {self.live_hours} h of what is live"
        if self.usd is None:
            return f"{hours}, one model unit each; no dated price is known"
        return f"at most ${self.usd:,}: {hours}, at ${self.usd_per_hour:,} an hour"

    def to_dict(self) -> dict[str, Any]:
        dollars = {"usd_per_hour": self.usd_per_hour, "usd": self.usd}
        return {
            "candidate_hours": self.candidate_hours,
            "live_hours": self.live_hours,
            **{name: None if usd is None else f"{usd:f}" for name, usd in dollars.items()},
        }


def not_served(model: Model, hours: int | None) -> str | None:
    """Why models that are customized from it answer nobody by a recipe with these `provisioned_hours`, if so.
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-supported.html
    """
    if model.on_demand or (model.provisioned and hours):
        return None
    why = f"models customized from {model.id} cannot be deployed on demand"
    if not model.provisioned:
        return f"{why}, and are not listed for Provisioned Throughput"
    return (
        f"{why}; provisioned_hours in its recipe's table [release] has them served by Provisioned Throughput for "
        f"so long: {Serving.of(model.id).provisioned_costs}"
    )


def _dollars(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _million(usd: Decimal) -> str:
    return f"${(usd * 1000).normalize():f}"
