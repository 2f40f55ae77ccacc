"""From `Object Created` to a started run: exactly one, however often the event comes."""

import json
from functools import cache, partial
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambdas import ledger
from lambdas.aws import client
from lambdas.observe import logger, metrics, observed
from tuning.recipes import load
from tuning.runs import Misdirected, Run
from tuning.settings import IntakeSettings
from tuning.uploads import Upload

# Without a logger, nobody would learn why a message was put aside.
_processor = BatchProcessor(
    event_type=EventType.SQS,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type] # powertools' own, a logging.Logger in all but type
)
_settings = cache(IntakeSettings.from_env)


@observed
def handler(event: dict[str, Any], context: Any) -> Any:
    """Answers which messages failed; only those come again, and after five times are put aside."""
    receive = partial(_receive, settings=_settings())
    return process_partial_response(
        event=event, record_handler=receive, processor=_processor, context=context
    )


def _receive(record: SQSRecord, *, settings: IntakeSettings) -> None:
    upload = Upload.from_event(json.loads(record.body), bucket=settings.datasets_bucket)
    run = _run(upload, settings)
    facts = {"arrived_at": upload.arrived_at, "upload": upload.uri, "recipe": upload.recipe_name}
    if not ledger.arrive(settings.ledger_table, run.id, facts):
        logger.info("already received", run=run.id)
        return
    machine = client("stepfunctions")
    try:
        machine.start_execution(
            stateMachineArn=settings.state_machine_arn, name=run.id, input=json.dumps(run.to_dict())
        )
    except machine.exceptions.ExecutionAlreadyExists:
        logger.info("already started", run=run.id)
    ledger.started(settings.ledger_table, run.id)
    metrics.add_metric(name="RunsStarted", unit="Count", value=1)
    logger.info("started", run=run.id, recipe=upload.recipe_name)


def _run(upload: Upload, settings: IntakeSettings) -> Run | Misdirected:
    if upload.recipe_name not in settings.recipes:
        return Misdirected(upload=upload, recipes=settings.recipes)
    return Run(upload=upload, recipe=load(Path("recipes") / f"{upload.recipe_name}.toml"))
