"""What the run will cost, computed and recorded before a job is started."""

from functools import cache
from typing import Any

from lambdas import ledger
from lambdas.observe import logger, observed
from tuning.estimate import estimated
from tuning.runs import Run
from tuning.settings import RunSettings

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run = Run.from_dict(event["run"])
    price = estimated(run.recipe, tokens=event["dataset"]["training_tokens"])
    ledger.move(_settings().ledger_table, run, "authorized", estimate=price.to_dict())
    logger.info("estimated", estimate=price.to_dict())
    return {"authorized": True, "estimate": price.to_dict()}
