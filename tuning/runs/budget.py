"""What a month may cost: claims against budgets, and what becomes of them.

A claim belongs to the month that it is made in. It is the most that a run may cost; at the end it is
settled with what the run did cost, as far as that is known.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Self

from tuning.models.estimate import Estimate
from tuning.runs.recipes import Limits
from tuning.runs.stored import fields_of

Charge = Literal["nothing", "job", "unknown"]
"""What Bedrock may bill at an ending: nothing, since no job was made; what the job came to; or nobody
knows, since a step died."""

_PREFIX = "budget#"
_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Claim:
    usd: str
    month: str
    """Such as `2026-11`, UTC."""
    recipe: str
    attempt: str
    """The recipe digest it was made for: a second try with another recipe replaces the claim."""

    def to_dict(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, str]) -> Self:
        return cls(**fields_of(cls, raw))

    @property
    def amount(self) -> Decimal:
        return Decimal(self.usd)


@dataclass(frozen=True, kw_only=True)
class Pot:
    """One row of the ledger that counts money: of a month, or of a recipe in a month."""

    pk: str
    limit: Decimal | None
    name: str
    """As people know it."""
    fix: str


def pots(month: str, recipe: str, *, monthly: Decimal | None, limits: Limits) -> tuple[Pot, Pot]:
    recipe_limit = None if limits.monthly_usd is None else Decimal(str(limits.monthly_usd))
    return (
        Pot(
            pk=f"{_PREFIX}{month}",
            limit=monthly,
            name=f"the environment's budget for {month}",
            fix="raise monthly_budget_usd in app.py",
        ),
        Pot(
            pk=f"{_PREFIX}{month}#{recipe}",
            limit=recipe_limit,
            name=f"the budget of recipe {recipe} for {month}",
            fix="raise monthly_usd under [limits] of the recipe",
        ),
    )


def month_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m")


def dollars(text: str) -> Decimal | None:
    """A limit as a function is told it: `none`, or dollars."""
    return None if text == "none" else Decimal(text)


def objection(price: Estimate, limits: Limits, *, monthly: Decimal | None) -> str | None:
    """Why a person must allow the run, whatever is left in the budgets. None: nobody need be asked."""
    above = limits.approve_above_usd
    if price.high_usd is None:
        held = any(limit is not None for limit in (above, limits.monthly_usd, monthly))
        return f"Its price is not known ({price.basis[0]}), and a limit is set." if held else None
    if above is not None and price.high_usd > Decimal(str(above)):
        return f"It may cost {price.high_usd} USD; runs above {above} USD wait for a person."
    return None


def over(pot: Pot, *, wanted: Decimal, committed: Decimal) -> str:
    """Why a claim did not fit."""
    left = max((pot.limit or _ZERO) - committed, _ZERO)
    return (
        f"It may cost {wanted} USD, and {left} USD are left of {pot.name} ({pot.limit} USD). "
        f"To let it run, {pot.fix}, deploy, and approve it again."
    )


def actual(row: Mapping[str, Any], claim: Claim, charge: Charge) -> Decimal:
    """What a claim comes to. A job that never trained costs nothing, by one field report that AWS
    does not confirm; one that was stopped or failed while it trained may cost all that was claimed:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-stop.html
    """
    if charge == "nothing":
        return _ZERO
    if charge == "unknown" or "progress" not in row:
        return claim.amount
    if "cost" in row:
        return (
            min(Decimal(row["cost"]["usd"]), claim.amount) if row["cost"]["usd"] else claim.amount
        )
    return claim.amount if row["progress"].get("phase") == "Training" else _ZERO
