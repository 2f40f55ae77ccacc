"""What is kept of earlier months' models is charged to the month's budgets, with the first round that finds it."""

from lambdas.apart import Apart
from lambdas.observe import logger
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Unreadable
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_registry import ModelRegistry
from tuning.aws.traces import Traces
from tuning.models.prices import storage_per_month
from tuning.runs.budget import storage_charge
from tuning.runs.json_record import RecordError


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
                made = traces.jobs.model_made_at(model.model_arn) if kept else None
                usd = storage_charge(made, month, storage_per_month())
                budgets.charge_storage(month, model, usd)
                logger.info("storage charged", model=model.id, month=month, usd=f"{usd:f}")
