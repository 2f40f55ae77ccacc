"""What a training would cost, before anything is uploaded: one estimate for each number of epochs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec import structs

from tuning.datasets.report import Report, Verdict
from tuning.errors import OptionError
from tuning.models.catalog import catalog
from tuning.models.estimate import Estimate, estimate_of
from tuning.models.serving import ThroughputBound
from tuning.runs.budget import budgets_of, objection, what_follows
from tuning.runs.recipes import Recipe


@dataclass(frozen=True, kw_only=True)
class PricedOption:
    """The price for one number of epochs, and the limits that it meets."""

    estimate: Estimate
    limits: tuple[str, ...]
    """Why the run would wait for a person. Empty: as far as is known here, it would not."""

    def to_dict(self) -> dict[str, Any]:
        return {"estimate": self.estimate.to_dict(), "limits": list(self.limits)}


@dataclass(frozen=True, kw_only=True)
class Plan:
    recipe: Recipe
    verdict: Verdict
    records: int
    tokens: int
    """Of the training set, one epoch, estimated."""
    validation_tokens: int | None
    options: tuple[PricedOption, ...]
    throughput: ThroughputBound | None = None
    """What a release may cost by the hour, where the recipe asks for that."""
    not_known: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.name or None,
            "base_model": self.recipe.base_model,
            "method": self.recipe.method,
            "verdict": self.verdict,
            "records": self.records,
            "tokens": self.tokens,
            "validation_tokens": self.validation_tokens,
            "options": [option.to_dict() for option in self.options],
            "throughput": self.throughput and self.throughput.to_dict(),
            "not_known": list(self.not_known),
        }


def plan(
    report: Report,
    recipe: Recipe,
    *,
    epochs: Sequence[int] = (),
    monthly: Decimal | None = None,
    month: str,
) -> Plan:
    """The price of training on what `report` counted, for each number of `epochs`; without any, for
    the recipe's own. `monthly` is the environment's budget, None when it is not known here.
    """
    priced = [estimate_of(_with(recipe, number), report) for number in epochs or (None,)]
    return Plan(
        recipe=recipe,
        verdict=report.verdict,
        records=report.records,
        tokens=report.tokens() or 0,
        validation_tokens=report.tokens("validation"),
        options=tuple(
            PricedOption(estimate=price, limits=tuple(_limits(price, recipe, monthly, month)))
            for price in priced
        ),
        throughput=ThroughputBound.of(recipe.release, recipe.base_model),
        not_known=tuple(_not_known(report, recipe, priced[0], monthly)),
    )


def _with(recipe: Recipe, epochs: int | None) -> Recipe:
    if epochs is None:
        return recipe
    known = catalog().model(recipe.base_model).methods[recipe.method].hyperparameters
    if "epochCount" not in known:
        raise OptionError(f"--epochs: {recipe.base_model} by {recipe.method} takes no epochCount")
    if why := known["epochCount"].refusal(epochs):
        raise OptionError(f"--epochs {epochs}: {why} for {recipe.base_model}")
    return structs.replace(recipe, hyperparameters={**recipe.hyperparameters, "epochCount": epochs})


def _limits(price: Estimate, recipe: Recipe, monthly: Decimal | None, month: str) -> Iterator[str]:
    """As they are held against a run before its job starts, but for what a month has taken so far."""
    if why := objection(price, recipe.limits, monthly=monthly):
        yield why
    for budget in budgets_of(month, recipe.name, monthly=monthly, limits=recipe.limits):
        limit = budget.limit
        if limit is not None and price.most_usd is not None and price.reserved_usd > limit:
            yield (
                f"It may cost {price.reserved_usd} USD {what_follows(price.evaluation_usd)}, and the whole of "
                f"{budget.name} is {limit} USD: {budget.fix}."
            )


def _not_known(
    report: Report, recipe: Recipe, price: Estimate, monthly: Decimal | None
) -> Iterator[str]:
    if price.training_usd is None:
        yield price.basis[0]
    if price.evaluation and price.evaluation_usd is None:
        yield price.evaluation.basis
    if recipe.release and price.evaluation is None:
        yield "what its evaluation costs: --evaluation FILE names the set whose prompts are asked"
    if any(part.get("media_buckets") for part in report.statistics.values()):
        yield "tokens of images, videos and documents: only text is counted, so the price is too low"
    if monthly is None or recipe.limits.monthly_usd is not None:
        yield "what is left of this month's budgets: they are kept in the account"
    if recipe.judge:
        yield f"what {recipe.judge} costs, which judges the answers: its tokens are in no estimate and no budget"
    yield "how many tokens Bedrock will bill: no Bedrock API says so, before or after"
