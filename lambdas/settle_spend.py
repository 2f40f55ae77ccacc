"""At every outcome: what was reserved becomes what was spent, or is released."""

from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.runs.function_settings import RunSettings
from tuning.runs.money_records import Settlement
from tuning.runs.run import Run

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers with the settlement; with nothing, when there was no reservation to settle."""
    run, charge, settings = Run.from_dict(event["run"]), event["charge"], _settings()
    ledger = Ledger(table=settings.ledger_table)
    usd = Budgets(ledger=ledger, table=settings.budgets_table).settle(run.id, charge)
    logger.info("settled", usd=None if usd is None else str(usd), charge=charge)
    return {} if usd is None else Settlement(usd=usd, charge=charge).to_json()
