"""The first month of the imported model's storage, reserved from the budgets before anything is merged."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.budgets import Budgets
from tuning.aws.import_budgets import ImportBudgets
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.imports.import_answers import ReservedImport
from tuning.imports.import_rules import recipe_fault
from tuning.imports.import_settings import ImportSettings
from tuning.models.import_units import expected_units, storage_of_units
from tuning.runs.budget import month_of, parse_limit
from tuning.runs.money_records import Reservation
from tuning.runs.recipes import Limits

_settings = cache(ImportSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    ledger = Ledger(table=_settings().ledger_table)
    imports = Imports(ledger=ledger)
    record = imports.record(event["import_id"])
    recipe = deployed_recipes.import_recipe(record.recipe)
    if why := recipe_fault(record, recipe):
        return ReservedImport(state="refused", why=why).to_json()
    if record.reservation:
        return ReservedImport(state="reserved").to_json()
    assert recipe  # noqa: S101 — recipe_fault says so of None
    expected = expected_units(record.architecture, record.bytes)
    storage = storage_of_units(expected.reserved)
    wanted = Reservation(
        usd=storage,
        storage_usd=storage,
        month=month_of(datetime.now(UTC)),
        recipe=record.recipe,
        recipe_digest=record.recipe_digest,
    )
    budgets = Budgets(ledger=ledger, table=_settings().budgets_table)
    why = ImportBudgets(imports=imports, budgets=budgets).reserve(
        record,
        wanted,
        monthly=parse_limit(_settings().monthly_budget_usd),
        limits=Limits(monthly_usd=recipe.limits.monthly_usd),
    )
    logger.info("reserved", usd=f"{storage:f}", units=expected.words, why=why)
    if why:
        return ReservedImport(state="refused", why=f"{why} So reserved, since {expected.words}.").to_json()  # fmt: skip
    return ReservedImport(state="reserved").to_json()
