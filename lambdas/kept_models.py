"""What is kept of earlier months' models is charged to the month's budgets, with the first round that finds it."""

from datetime import datetime
from decimal import Decimal

from lambdas.apart import Apart
from lambdas.observe import logger
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Unreadable
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_registry import ModelRegistry
from tuning.aws.traces import Traces
from tuning.models.prices import storage_per_month
from tuning.releases.model_version import ModelVersion
from tuning.runs.budget import storage_charge
from tuning.runs.json_record import RecordError
from tuning.runs.times import utc_time


def charge_storage(traces: Traces, budgets_table: str, month: str, apart: Apart) -> None:
    """Each model is asked for once a month, so that one that was deleted costs the next nothing."""
    registry = ModelRegistry(ledger=traces.ledger)
    budgets = Budgets(ledger=traces.ledger, table=budgets_table)
    deletions = ModelDeletions(ledger=traces.ledger)
    known = budgets.kept_models(month)
    for recipe in registry.recipes():
        for model in registry.versions(recipe, but=known):
            with apart.each(model.id):
                if isinstance(model, Unreadable):
                    raise RecordError(model.why)
                gone = deletions.of(recipe, model.version)
                kept = gone is None or gone.state != "deleted"
                usd = storage_charge(_made(model, traces) if kept else None, month, _storage(model))
                budgets.charge_storage(month, model, usd)
                logger.info("storage charged", model=model.id, month=month, usd=f"{usd:f}")


def _made(model: ModelVersion, traces: Traces) -> datetime | None:
    """Of a model that was imported by the registry's word: this function may ask Bedrock of custom models alone. So it
    counts until its deletion is recorded here.
    """
    if not model.imported:
        return traces.jobs.model_made_at(model.model_arn)
    return utc_time(model.trained_at) if model.trained_at else None


def _storage(model: ModelVersion) -> Decimal:
    """A month of it: an imported model is stored by its custom model units, whose first month is what it came to."""
    if not model.imported:
        return storage_per_month()
    return (model.cost and model.cost.usd) or Decimal(0)
