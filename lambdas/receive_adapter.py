"""From `Object Created` under adapters/ or models/ to an import: exactly one, however often the event comes."""

import json
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.messages import receive_each
from lambdas.observe import logger, metrics, observed
from tuning.aws.executions import Executions
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.imports.import_recipe import ImportRecipe
from tuning.imports.import_run import ImportRecord, ImportUpload, import_key
from tuning.imports.import_settings import ImportIntakeSettings
from tuning.imports.import_uploads import (
    ADAPTERS,
    MODELS,
    ImportObject,
    import_object,
    import_refusal,
    import_upload,
)

_settings = cache(ImportIntakeSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers which messages failed."""
    return receive_each(event, _receive)


def _receive(body: str) -> None:
    settings = _settings()
    buckets = {ADAPTERS: settings.datasets_bucket, MODELS: settings.weights_bucket}
    upload = import_upload(json.loads(body), buckets=buckets)
    recipes = {name: deployed_recipes.import_recipe(name) for name in settings.recipes}
    imports = {name: bool(each.base) for name, each in recipes.items() if each}
    why = import_refusal(upload, imports)
    if why is None and import_object(upload.key) is not ImportObject.BEGINS:
        logger.info("starts no import", upload=upload.uri)
        return
    received = _received(upload, recipes.get(upload.recipe_name), why)
    new = Imports(ledger=Ledger(table=settings.ledger_table)).receive(received)
    given = {"import_id": received.import_id}
    started = Executions(machine=settings.state_machine_arn).start(received.import_id, given)
    if started:
        metrics.add_metric(name="ImportsStarted", unit="Count", value=1)
    logger.info("received", import_id=received.import_id, new=new, started=started, why=why)


def _received(upload: ImportUpload, recipe: ImportRecipe | None, why: str | None) -> ImportRecord:
    """What can be no import is one all the same: it is refused where everybody looks, and its owner is notified."""
    digest = recipe.digest if recipe else ""
    return ImportRecord(
        id=import_key(upload.import_id(digest)),
        state="received",
        upload=upload,
        recipe=upload.recipe_name,
        recipe_digest=digest,
        arrived_at=upload.arrived_at,
        why=why,
    )
