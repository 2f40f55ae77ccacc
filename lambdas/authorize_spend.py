"""What the run will cost, held against limits and claimed from budgets before a job is started."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, metrics, observed
from tuning.aws import budgets, ledger
from tuning.models.estimate import estimated
from tuning.runs.budget import Claim, dollars, month_of, objection, pots
from tuning.runs.function_settings import RunSettings
from tuning.runs.job_queue import moment
from tuning.runs.recipes import Limits
from tuning.runs.run import Run

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings, approval = Run.from_dict(event["run"]), _settings(), event.get("approval") or {}
    price = estimated(run.recipe, tokens=event["dataset"]["training_tokens"])
    monthly, limits = dollars(settings.monthly_budget_usd), _limits(run)
    facts: dict[str, Any] = {"estimate": price.to_dict(), "approval": approval or None}
    why = None if approval else objection(price, limits, monthly=monthly)
    if why is None:
        now = datetime.now(UTC)
        wanted = Claim(
            usd=str(price.high_usd or 0),
            month=month_of(now),
            recipe=run.recipe.name,
            attempt=run.recipe.digest,
        )
        held_against = pots(wanted.month, wanted.recipe, monthly=monthly, limits=limits)
        why = budgets.claim(settings.ledger_table, run, wanted, held_against, facts)
    if why is None:
        logger.info("authorized", estimate=price.to_dict())
        return {"leave": "granted", "estimate": price.to_dict()}
    asked = {"asked": why, "asked_at": moment(datetime.now(UTC))}
    facts = {"estimate": price.to_dict(), **asked}
    row = ledger.move(settings.ledger_table, run, "awaiting_approval", **facts)
    if row is None or "stop_asked" in row:
        return {"leave": "stopped", "estimate": price.to_dict()}
    metrics.add_metric(name="ApprovalsAsked", unit="Count", value=1)
    logger.info("a person is asked", why=why)
    seconds = limits.approval_hours * 3600
    return {"leave": "asked", "estimate": price.to_dict(), "why": why, "seconds": seconds}


def _limits(run: Run) -> Limits:
    """Those that are deployed now: a limit that was raised holds for runs that wait, too."""
    name = run.recipe.name
    recipe = deployed_recipes.recipe(name) if deployed_recipes.is_deployed(name) else run.recipe
    return recipe.limits
