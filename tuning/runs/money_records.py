"""What is kept of a run's money: its estimate, what is reserved, what it came to."""

from decimal import Decimal

from tuning.runs.json_record import Record
from tuning.runs.outcome import Charge


class PriceRange(Record, frozen=True, kw_only=True):
    """What the ledger keeps of an estimate. None where no price is known."""

    low_usd: Decimal | None = None
    training_usd: Decimal | None = None
    """What is expected."""
    high_usd: Decimal | None = None
    evaluation_usd: Decimal | None = None
    """The most that the evaluation of its model may cost; None without one."""
    storage_usd_per_month: Decimal | None = None


class Charged(Record, frozen=True, kw_only=True):
    """What a training came to: computed, as no API of Bedrock says what it bills."""

    usd: Decimal | None = None
    """What is expected; None where no price is known."""
    most_usd: Decimal | None = None
    """The most that it may be; None also where a former version computed."""
    basis: str = ""


class Reservation(Record, frozen=True, kw_only=True):
    """What of the budgets is kept for a run until it is settled."""

    usd: Decimal
    """The most that the run may cost."""
    storage_usd: Decimal | None = None
    """What of it is a month of its model's storage; None where a former version reserved."""
    evaluation_usd: Decimal | None = None
    """What of it is the evaluation of its model; None without one, or where its price is not known."""
    month: str
    """Such as `2026-11`, UTC."""
    recipe: str
    recipe_digest: str
    """Of the recipe that it was made for: a second try with another recipe replaces it."""

    @property
    def beside_training(self) -> Decimal:
        """What follows a training that ended with a model."""
        return sum(filter(None, (self.storage_usd, self.evaluation_usd)), Decimal(0))


class Settlement(Record, frozen=True, kw_only=True):
    """What a run has cost, once it has ended."""

    usd: Decimal
    charge: Charge = "unknown"
