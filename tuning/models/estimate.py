"""What a run will cost at Bedrock, from dated prices; what is not known is said, not guessed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from tuning.models.catalog import catalog
from tuning.models.evaluation_cost import EvaluationCost
from tuning.models.prices import STORAGE_PRICE, TRAINING_PRICE, cents, prices, storage_per_month
from tuning.models.serving import Serving, ThroughputBound
from tuning.runs.money_records import Charged, PriceRange
from tuning.runs.prepared_dataset import EvaluationSize
from tuning.runs.recipes import FINE_TUNING, Recipe

if TYPE_CHECKING:
    from tuning.datasets.report import Report

# Tokens are estimated as bytes / 4, and at most by script (tuning/datasets/statistics.py). AWS itself plans with six
# characters a token. Bedrock does not say how many tokens it will bill.
# https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
_LEAST = Decimal(4) / 6
_SPREAD = (
    "at least: 1 token for 6 bytes of text; at most: 1 for 2 bytes of ASCII, or for 1 of other scripts; expected: 1 "
    "for 4, or for 8 bytes of the file if that is more"
)
_UNBILLED = "VAT, S3, KMS and the platform's own cents are not in it"


class Estimate(Struct, frozen=True, kw_only=True):
    """Training cost grows with tokens x epochs, the unit that AWS bills:
    https://docs.aws.amazon.com/bedrock/latest/userguide/custom-models.html
    """

    tokens: int
    """Estimated tokens of the training set, one epoch."""
    epochs: int | None
    """None when the service chooses: `epochCount = "Auto"`."""
    low_usd: Decimal | None
    training_usd: Decimal | None
    """What is expected. None when no price is known for the base model, or no number of epochs."""
    high_usd: Decimal | None
    """The most that is expected of the training."""
    evaluation: EvaluationCost | None = None
    """Of the model, before it goes live; None where the recipe has no gate, or no evaluation set is there."""
    storage_usd_per_month: Decimal
    """Of the model that the run makes."""
    serving: Serving
    basis: tuple[str, ...]
    """Where each figure comes from, or why it is missing."""

    @property
    def evaluation_usd(self) -> Decimal | None:
        """The most that the evaluation may cost; None also without one."""
        return self.evaluation.most_usd if self.evaluation else None

    @property
    def most_usd(self) -> Decimal | None:
        """What `approve_above_usd` is held against: training and evaluation. None where one of them is not known."""
        if self.evaluation is None or self.high_usd is None:
            return self.high_usd
        return None if self.evaluation_usd is None else self.high_usd + self.evaluation_usd

    @property
    def reserved_usd(self) -> Decimal:
        """What budgets are held against: training and evaluation, as far as their prices are known, and the model's
        first month.
        """
        known = filter(None, (self.high_usd, self.evaluation_usd))
        return sum(known, self.storage_usd_per_month)

    @property
    def not_known(self) -> str:
        """Why there is no `most_usd`."""
        return (
            self.evaluation.basis
            if self.evaluation and self.high_usd is not None
            else self.basis[0]
        )

    @property
    def price_range(self) -> PriceRange:
        return PriceRange(**{name: getattr(self, name) for name in PriceRange.__struct_fields__})

    def to_dict(self) -> dict[str, Any]:
        dollars = ("low_usd", "training_usd", "high_usd", "storage_usd_per_month")
        sums = {name: getattr(self, name) for name in dollars}
        return {
            "tokens": self.tokens,
            "epochs": self.epochs,
            **{name: None if usd is None else str(usd) for name, usd in sums.items()},
            "evaluation": self.evaluation.to_dict() if self.evaluation else None,
            "serving": self.serving.to_dict(),
            "basis": list(self.basis),
        }


def estimate(
    recipe: Recipe,
    *,
    tokens: int,
    most: int | None = None,
    held_out: EvaluationSize | None = None,
    default_epochs: int,
) -> Estimate:
    """The price of training `tokens` by `recipe`, and of `most`, which is twice as many where nobody counted
    them; `default_epochs` is what the service fills in. What is `held_out` is paid for by recipes with a gate.
    """
    given = recipe.hyperparameters.get("epochCount", default_epochs)
    epochs = None if isinstance(given, str) else int(given)
    price = _training(recipe)
    expected = highest = None
    if epochs is None:
        basis = f"training: epochCount is {given!r}, so the service chooses how often to bill"
    elif price is None:
        basis = f"training: no dated price is known for {recipe.base_model}"
        basis += "" if recipe.method == FINE_TUNING else f" by {recipe.method}"
    else:
        each = Decimal(price["usd"]) * epochs / 1000
        expected, highest = each * tokens, each * (2 * tokens if most is None else most)
        basis = f"training: {price['usd']} per 1,000 tokens, {price['date']}, {price['source']}"
    storage, serving = prices()[STORAGE_PRICE], Serving.of(recipe.base_model)
    asked = None
    if recipe.release and held_out:
        by_the_hour = ThroughputBound.of(recipe.release, recipe.base_model)
        asked = EvaluationCost.of(held_out, recipe.base_model, by_the_hour)
    return Estimate(
        tokens=tokens,
        epochs=epochs,
        low_usd=cents(expected, _LEAST),
        training_usd=cents(expected),
        high_usd=cents(highest),
        evaluation=asked,
        storage_usd_per_month=storage_per_month(),
        serving=serving,
        basis=(
            basis,
            *((_SPREAD,) if expected is not None else ()),
            *((asked.basis,) if asked else ()),
            f"storage: {storage['date']}, {storage['source']}",
            *serving.basis,
            _UNBILLED,
        ),
    )


def estimated(
    recipe: Recipe,
    *,
    tokens: int,
    most: int | None = None,
    held_out: EvaluationSize | None = None,
) -> Estimate:
    """The same, with the epochs that the catalog says the service fills in."""
    method = catalog().model(recipe.base_model).methods[recipe.method]
    epochs = method.hyperparameters.get("epochCount")
    default = int(epochs.default or 1) if epochs else 1
    return estimate(recipe, tokens=tokens, most=most, held_out=held_out, default_epochs=default)


def estimate_of(recipe: Recipe, report: "Report") -> Estimate:
    """Of what a check has counted."""
    return estimated(
        recipe,
        tokens=report.tokens() or 0,
        most=report.most_tokens(),
        held_out=EvaluationSize.of(report),
    )


def charged(
    recipe: Recipe, hyperparameters: Mapping[str, str], *, tokens: int, most: int | None = None
) -> Charged:
    """What the training came to, from the epochs that the job reports."""
    if _training(recipe) is None:
        return Charged(basis="unknown: no dated price")
    epochs, whose = hyperparameters.get("epochCount", ""), "recipe"
    if epochs.isdecimal():
        whose = "job"
        given = {**recipe.hyperparameters, "epochCount": int(epochs)}
        recipe = structs.replace(recipe, hyperparameters=given)
    price = estimated(recipe, tokens=tokens, most=most)
    return Charged(
        usd=price.training_usd,
        most_usd=price.high_usd,
        basis=f"computed from estimated tokens and the {whose}'s epochs",
    )


def _training(recipe: Recipe) -> Mapping[str, str] | None:
    """Other methods are billed by the hour, or with a teacher's answers: their prices are not known."""
    found: Mapping[str, str] | None = prices()[TRAINING_PRICE].get(recipe.base_model)
    return found if recipe.method == FINE_TUNING else None
