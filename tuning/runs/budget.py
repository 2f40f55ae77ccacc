"""What a month may cost: reservations against budgets, and what becomes of them.

A reservation belongs to the month that it is made in. It is the most that a run may cost; at the end it is settled
with what is known: that nothing is billed, or by the epochs of the job. Nobody says how many tokens Bedrock bills, so
that it remains the most that they may be. The evaluation of the model is in it, at most, for it follows a training that
ended with one; and the first month of its storage, whole: UNCONFIRMED, whether a part of a month costs less. Every later month counts the models that are still kept: `storage_charge`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tuning.runs.money_records import Charged, PriceRange, Reservation
from tuning.runs.outcome import Charge
from tuning.runs.progress import Progress
from tuning.runs.recipes import Limits

if TYPE_CHECKING:  # it reads the catalog, which settling does not need
    from tuning.models.estimate import Estimate

_PREFIX = "budget#"
_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a month has for all runs, or for those of a recipe. An item of the ledger counts it."""

    id: str
    limit: Decimal | None
    name: str
    """As people know it."""
    fix: str


def budget_ids(month: str, recipe: str) -> tuple[str, str]:
    """Keys of the items that count a month's money: of all runs, and of those of a recipe."""
    return f"{_PREFIX}{month}", f"{_PREFIX}{month}#{recipe}"


def budgets_of(
    month: str, recipe: str, *, monthly: Decimal | None, limits: Limits
) -> tuple[Budget, Budget]:
    recipe_limit = None if limits.monthly_usd is None else Decimal(str(limits.monthly_usd))
    of_all, of_recipe = budget_ids(month, recipe)
    return (
        Budget(
            id=of_all,
            limit=monthly,
            name=f"the environment's budget for {month}",
            fix="raise monthly_budget_usd in app.py",
        ),
        Budget(
            id=of_recipe,
            limit=recipe_limit,
            name=f"the budget of recipe {recipe} for {month}",
            fix="raise monthly_usd under [limits] of the recipe",
        ),
    )


def storage_charge(made_at: datetime | None, month: str, usd: Decimal) -> Decimal:
    """What a month is charged for a model that costs `usd` a month: nothing when it was deleted (None), or was made in
    that month, since the reservation of its run has the first.
    """
    return _ZERO if made_at is None or month_of(made_at) >= month else usd


def month_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m")


def parse_limit(text: str) -> Decimal | None:
    """A limit as a function's environment has it: `none`, or dollars."""
    return None if text == "none" else Decimal(text)


def objection(price: "Estimate", limits: Limits, *, monthly: Decimal | None) -> str | None:
    """Why a person must allow the run, whatever is left in the budgets. None: nobody need be asked."""
    above = limits.approve_above_usd
    if price.most_usd is None:
        held = any(limit is not None for limit in (above, limits.monthly_usd, monthly))
        return f"Its price is not known ({price.not_known}), and a limit is set." if held else None
    if above is not None and price.most_usd > Decimal(str(above)):
        return f"It may cost {price.most_usd} USD; runs above {above} USD need approval."
    return None


def over(budget: Budget, *, wanted: Reservation, committed: Decimal) -> str:
    """Why a reservation did not fit."""
    left = max((budget.limit or _ZERO) - committed, _ZERO)
    return (
        f"It may cost {wanted.usd} USD {what_follows(wanted.evaluation_usd)}, and {left} USD are left of "
        f"{budget.name} ({budget.limit} USD). "
        f"To let it run, {budget.fix}, deploy, and approve it again."
    )


def what_follows(evaluation_usd: Decimal | None) -> str:
    """What is in a sum beside the training, in words."""
    storage = "the first month of its model's storage"
    return f"with {storage if evaluation_usd is None else f'its evaluation and {storage}'}"


def actual(
    reserved: Reservation,
    charge: Charge,
    *,
    progress: Progress | None,
    cost: Charged | None,
    estimate: PriceRange | None = None,
) -> Decimal:
    """What a reservation comes to. A job that never trained costs nothing, by one field report that
    AWS does not confirm; one that was stopped or failed while it trained may cost all that was reserved:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-stop.html

    One that trained costs no less than its estimate has it at least, which the authorizing step derived from the
    size of the data: its own cost is computed from what other functions say.
    """
    if charge == "nothing":
        return _ZERO
    if charge == "unknown" or progress is None:
        return reserved.usd
    if cost is not None:
        least = (estimate and estimate.low_usd) or _ZERO
        most = cost.usd if cost.most_usd is None else cost.most_usd
        if most is None:
            return reserved.usd
        return min(max(most, least) + reserved.beside_training, reserved.usd)
    return reserved.usd if progress.phase == "Training" else _ZERO
