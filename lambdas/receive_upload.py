"""From `Object Created` to a started run: exactly one, however often the event comes."""

import json
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.messages import receive_each
from lambdas.observe import logger, metrics, observed
from tuning.aws.arrivals import begin
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.runs.function_settings import IntakeSettings
from tuning.runs.run import Misdirected, Run
from tuning.runs.unexpected import upload_refusal
from tuning.runs.uploads import Upload, UploadKind, is_missed_round
from tuning.runs.validation_sets import ValidationSet

_settings = cache(IntakeSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers which messages failed."""
    return receive_each(event, _receive)


def _receive(body: str) -> None:
    settings = _settings()
    event = json.loads(body)
    if is_missed_round(event):  # redriven with the uploads that lay beside it
        logger.info("a round that was missed", event=event["detail-type"])
        return
    upload = Upload.from_event(event, bucket=settings.datasets_bucket)
    ledger, arrived = Ledger(table=settings.ledger_table), _run(upload, settings)
    if arrived is None:
        if upload.is_held_out:
            ledger.put_new(ValidationSet.of(upload))
        logger.info("no training set: no run", kind=upload.kind, upload=upload.uri)
        return
    begun = begin(arrived, ledger, Executions(machine=settings.state_machine_arn))
    if begun is None:
        logger.info("already received", upload=upload.uri, version=upload.version_id)
        return
    run, new = begun
    if not new:
        logger.info("already started", run=run.id)
    metrics.add_metric(name="RunsStarted", unit="Count", value=1)
    logger.info("started", run=run.id, recipe=upload.recipe_name)


def _run(upload: Upload, settings: IntakeSettings) -> Run | Misdirected | None:
    """What the upload becomes unless its version has become something already."""
    known = upload.recipe_name in settings.recipes
    recipe = deployed_recipes.recipe(upload.recipe_name) if known else None
    base_model = recipe.base_model if recipe else None
    if why := upload_refusal(upload, settings.recipes, base_model=base_model):
        return Misdirected.new(upload=upload, refusal=why)
    if recipe is None or upload.kind is not UploadKind.TRAINING_SET:
        return None
    return Run.new(
        upload=upload,
        recipe=recipe,
        fallback=deployed_recipes.recipe(recipe.retry.recipe) if recipe.retry else None,
    )
