"""What an import came to, at every outcome: nothing half-written, a version where there is a model, money settled."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec import structs

from lambdas.observe import logger, metrics, observed
from tuning.aws.budgets import Budgets
from tuning.aws.import_budgets import ImportBudgets
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.aws.unfinished_uploads import abort_upload, planned_uploads
from tuning.imports.import_answers import FinishedImport, ImportOutcome
from tuning.imports.import_run import ImportRecord
from tuning.imports.import_settings import ImportSettings
from tuning.imports.import_version import finished_summary, imported_version
from tuning.models.import_units import MOST_UNITS, storage_of_units
from tuning.runs.money_records import Settlement
from tuning.runs.outcome import Charge
from tuning.runs.times import moment

_settings = cache(ImportSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Each of its parts may be done again; the state comes last."""
    imports, outcome = _imports(), ImportOutcome.from_json(event["outcome"])
    record = imports.record(event["import_id"])
    if not record.ended:
        record = _end(record, imports, outcome)
        metrics.add_metric(name=f"Imports{record.state.capitalize()}", unit="Count", value=1)
    logger.info("finished", state=record.state, version=record.version, why=record.why)
    said = finished_summary(record, region=os.environ["AWS_REGION"])
    return FinishedImport(recipe=record.recipe, summary=said, version=record.version).to_json()


def _end(record: ImportRecord, imports: Imports, outcome: ImportOutcome) -> ImportRecord:
    ended, version = moment(datetime.now(UTC)), None
    if outcome.state == "imported":
        model = imported_version(record, ended_at=ended)
        version = ModelRegistry(ledger=imports.ledger).register(model).version
    elif record.groups:
        _abort(record)
    facts: dict[str, Any] = {
        "state": outcome.state,
        "version": version,
        "why": None if outcome.state == "imported" else outcome.summary,
        "ended_at": ended,
    }
    settled = _settle(record, imports)
    imports.update(record.import_id, **facts)
    return structs.replace(record, settlement=settled, **facts)


def _abort(record: ImportRecord) -> None:
    """Parts that were written would be billed. What was assembled stays until it expires."""
    for upload in planned_uploads(_settings().weights_bucket, record.import_id):
        abort_upload(upload)


def _settle(record: ImportRecord, imports: Imports) -> Settlement | None:
    """A model is stored whether it answers or not. Of a job that nobody saw end, nobody knows."""
    held, charge = record.reservation, _charge(record)
    usd = {
        "nothing": Decimal(0),
        "job": storage_of_units(record.model_units or MOST_UNITS),
        "unknown": held.usd if held else Decimal(0),
    }[charge]
    budgets = Budgets(ledger=imports.ledger, table=_settings().budgets_table)
    return ImportBudgets(imports=imports, budgets=budgets).settle(record, usd, charge)


def _charge(record: ImportRecord) -> Charge:
    if record.model_arn:
        return "job"
    return "unknown" if record.state == "importing" and not record.no_model else "nothing"


def _imports() -> Imports:
    return Imports(ledger=Ledger(table=_settings().ledger_table))
