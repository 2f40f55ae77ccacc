"""What a run will cost at Bedrock, from dated prices; what is not known is said, not guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

from tuning.models.catalog import catalog
from tuning.models.prices import STORAGE_PRICE, TRAINING_PRICE, prices, storage_per_month
from tuning.models.serving import Serving
from tuning.runs.money_records import Charged, PriceRange
from tuning.runs.recipes import FINE_TUNING, Recipe

_CENT = Decimal("0.01")

# Tokens are estimated as bytes / 4, and at most by script (tuning/datasets/statistics.py). AWS itself plans with six
# characters a token. Bedrock does not say how many tokens it will bill.
# https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
_LEAST = Decimal(4) / 6
_SPREAD = (
    "at least: 1 token for 6 bytes of text; at most: 1 for 2 bytes of ASCII, or for 1 of other scripts; expected: 1 "
    "for 4, or for 8 bytes of the file if that is more"
)
_UNBILLED = "VAT, S3, KMS and the platform's own cents are not in it"


@dataclass(frozen=True, kw_only=True)
class Estimate:
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
    """The most that is expected, which `approve_above_usd` is held against."""
    storage_usd_per_month: Decimal
    """Of the model that the run makes."""
    serving: Serving
    basis: tuple[str, ...]
    """Where each figure comes from, or why it is missing."""

    @property
    def reserved_usd(self) -> Decimal:
        """What budgets are held against: the training, as far as its price is known, and the model's first month."""
        return (self.high_usd or Decimal(0)) + self.storage_usd_per_month

    @property
    def price_range(self) -> PriceRange:
        return PriceRange(**{f.name: getattr(self, f.name) for f in fields(PriceRange)})

    def to_dict(self) -> dict[str, Any]:
        dollars = ("low_usd", "training_usd", "high_usd", "storage_usd_per_month")
        sums = {name: getattr(self, name) for name in dollars}
        return {
            "tokens": self.tokens,
            "epochs": self.epochs,
            **{name: None if usd is None else str(usd) for name, usd in sums.items()},
            "serving": self.serving.to_dict(),
            "basis": list(self.basis),
        }


def estimate(
    recipe: Recipe, *, tokens: int, most: int | None = None, default_epochs: int
) -> Estimate:
    """The price of training `tokens` by `recipe`, and of `most`, which is twice as many where nobody counted
    them; `default_epochs` is what the service fills in.
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
    return Estimate(
        tokens=tokens,
        epochs=epochs,
        low_usd=cents(expected, _LEAST),
        training_usd=cents(expected),
        high_usd=cents(highest),
        storage_usd_per_month=storage_per_month(),
        serving=serving,
        basis=(
            basis,
            *((_SPREAD,) if expected is not None else ()),
            f"storage: {storage['date']}, {storage['source']}",
            *serving.basis,
            _UNBILLED,
        ),
    )


def estimated(recipe: Recipe, *, tokens: int, most: int | None = None) -> Estimate:
    """The same, with the epochs that the catalog says the service fills in."""
    method = catalog().model(recipe.base_model).methods[recipe.method]
    epochs = method.hyperparameters.get("epochCount")
    default = int(epochs.default or 1) if epochs else 1
    return estimate(recipe, tokens=tokens, most=most, default_epochs=default)


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
        recipe = replace(recipe, hyperparameters=given)
    price = estimated(recipe, tokens=tokens, most=most)
    return Charged(
        usd=price.training_usd,
        most_usd=price.high_usd,
        basis=f"computed from estimated tokens and the {whose}'s epochs",
    )


def cents(usd: Decimal | None, factor: Decimal = Decimal(1)) -> Decimal | None:
    """Rounded up: what costs something never costs nothing, and no sum is smaller than its bill."""
    return None if usd is None else (usd * factor).quantize(_CENT, ROUND_CEILING)


def _training(recipe: Recipe) -> Mapping[str, str] | None:
    """Other methods are billed by the hour, or with a teacher's answers: their prices are not known."""
    found: Mapping[str, str] | None = prices()[TRAINING_PRICE].get(recipe.base_model)
    return found if recipe.method == FINE_TUNING else None
