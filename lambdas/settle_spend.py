"""At every ending: what was claimed becomes what was spent, or is given back."""

from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws import budgets
from tuning.runs.function_settings import RunSettings
from tuning.runs.run import Run

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run = Run.from_dict(event["run"])
    usd = budgets.settle(_settings().ledger_table, run.id, event["charge"])
    logger.info("settled", usd=None if usd is None else str(usd), charge=event["charge"])
    return {"usd": None if usd is None else str(usd)}
