"""Custom model units of an imported model, and what they cost: storage by the month, and minutes while it is awake.

Bedrock says how many a model takes when it is imported, not before.
https://docs.aws.amazon.com/bedrock/latest/userguide/import-model-calculate-cost.html
"""

from dataclasses import dataclass
from decimal import Decimal

from tuning.models.prices import AWAKE_UNIT, UNIT_STORAGE, prices

_GB = 10**9
# Llama 3.1 70B (141 GB) takes 8, Qwen3 4B (8 GB) takes 1, as people report; the bounds between them are INFERRED, and
# Bedrock has not confirmed any. In gigabytes of 16-bit weights.
_RANGES = ((10, 1), (30, 2), (80, 4), (200, 8))
_DENSE = frozenset(
    {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}
)
"""Architectures that those reports are of, or are alike."""
MOST_UNITS = 8
"""The most that is known of any model: what is reserved where nothing is known of one."""
_WINDOW_MINUTES = 5


@dataclass(frozen=True, kw_only=True)
class ExpectedUnits:
    units: int | None
    """None where nothing is known of such models."""

    @property
    def reserved(self) -> int:
        return self.units or MOST_UNITS

    @property
    def words(self) -> str:
        if self.units is None:
            return (
                "how many custom model units it takes is not known before it is imported; the most known for any "
                f"model is {MOST_UNITS}"
            )
        return f"{self.units} custom model unit{'s' * (self.units != 1)} are expected by its size (inferred)"


def expected_units(architecture: str | None, weights: int) -> ExpectedUnits:
    """`weights`: bytes."""
    if architecture not in _DENSE:
        return ExpectedUnits(units=None)
    return ExpectedUnits(units=next((n for gb, n in _RANGES if weights < gb * _GB), None))


def storage_of_units(units: int) -> Decimal:
    """A month of an imported model's storage, in US dollars."""
    return Decimal(prices()[UNIT_STORAGE]["usd"]) * units


def awake_per_minute(region: str, units: int) -> Decimal | None:
    """A minute of one awake copy; None in a Region of which no dated price is known."""
    found = prices()[AWAKE_UNIT].get(region)
    return Decimal(found["usd"]) * units if found else None


def awake_words(region: str, units: int | None) -> str:
    """What it costs to ask the model, in a sentence."""
    usd = awake_per_minute(region, units or 1)
    if usd is None:
        return f"What it costs while it is awake is not known in {region}."
    each = "" if units else " for each of its custom model units"
    return (
        f"While it is awake, a copy costs {usd:f} USD a minute{each} ({usd * 60:.2f} USD an hour), in windows of "
        f"{_WINDOW_MINUTES} minutes; it sleeps after {_WINDOW_MINUTES} minutes without a question."
    )
