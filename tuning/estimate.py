"""What a run will cost at Bedrock, from dated prices; what is not known is said, not guessed."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from tuning.catalog import catalog
from tuning.recipes import Recipe

_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Training cost grows with tokens x epochs, the unit that AWS bills:
    https://docs.aws.amazon.com/bedrock/latest/userguide/custom-models.html
    """

    tokens: int
    """Estimated tokens of the training set, one epoch."""
    epochs: int | None
    """None when the service chooses: `epochCount = "Auto"`."""
    training_usd: Decimal | None
    """None when no price is known for the base model, or no number of epochs."""
    storage_usd_per_month: Decimal
    basis: tuple[str, ...]
    """Where each figure comes from, or why it is missing."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "tokens": self.tokens,
            "epochs": self.epochs,
            "training_usd": None if self.training_usd is None else str(self.training_usd),
            "storage_usd_per_month": str(self.storage_usd_per_month),
            "basis": list(self.basis),
        }


def estimate(recipe: Recipe, *, tokens: int, default_epochs: int) -> Estimate:
    """The price of training `tokens` by `recipe`; `default_epochs` is what the service fills in."""
    prices = _prices()
    storage = prices["model_storage_per_month"]
    given = recipe.hyperparameters.get("epochCount", default_epochs)
    epochs = None if isinstance(given, str) else int(given)
    price = prices["training_per_1000_tokens"].get(recipe.base_model)
    training = None
    if epochs is None:
        basis = f"training: epochCount is {given!r}, so the service chooses how often to bill"
    elif price is None:
        basis = f"training: no dated price is known for {recipe.base_model}"
    else:
        training = (Decimal(price["usd"]) * tokens * epochs / 1000).quantize(_CENT)
        basis = f"training: {price['usd']} per 1,000 tokens, {price['date']}, {price['source']}"
    return Estimate(
        tokens=tokens,
        epochs=epochs,
        training_usd=training,
        storage_usd_per_month=Decimal(storage["usd"]),
        basis=(basis, f"storage: {storage['date']}, {storage['source']}"),
    )


def estimated(recipe: Recipe, *, tokens: int) -> Estimate:
    """The same, with the epochs that the catalog says the service fills in."""
    method = catalog().model(recipe.base_model).methods[recipe.method]
    epochs = method.hyperparameters.get("epochCount")
    default = int(epochs.default or 1) if epochs else 1
    return estimate(recipe, tokens=tokens, default_epochs=default)


@cache
def _prices() -> dict[str, Any]:
    text = files("tuning").joinpath("prices.json").read_text(encoding="utf-8")
    prices: dict[str, Any] = json.loads(text)
    return prices
