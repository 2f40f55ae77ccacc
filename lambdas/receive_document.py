"""From changes under documents/ to an ingestion: those that arrive together, one for each assistant."""

import json
from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.assistants.assistant_settings import DocumentIntakeSettings
from tuning.assistants.document_changes import (
    ChangedDocuments,
    ChangeError,
    DocumentChange,
    document_change,
    sorted_out,
)
from tuning.aws.executions import Executions
from tuning.aws.transient import aws_errors

_settings = cache(DocumentIntakeSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers which messages failed; those come again, and what was started for them before is started once."""
    messages: dict[str, list[str]] = {}
    changes, failed = [], []
    for record in event["Records"]:
        try:
            change = document_change(_parsed(record["body"]))
        except ChangeError as error:
            logger.error("not received", message_id=record["messageId"], why=str(error))
            failed.append(record["messageId"])
            continue
        changes.append(change)
        messages.setdefault(change.event, []).append(record["messageId"])
    for each in sorted_out(_once(changes), _settings().assistants):
        if not _start(each):
            failed += [message for each_event in each.events for message in messages[each_event]]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise ChangeError(f"not JSON: {error}") from None


def _once(changes: list[DocumentChange]) -> list[DocumentChange]:
    """EventBridge delivers an event at least once."""
    return list({each.event: each for each in changes}.values())


def _start(changed: ChangedDocuments) -> bool:
    """Whether it is under way; one that cannot be started must not hold up the others."""
    machine = Executions(machine=_settings().state_machine_arn)
    try:
        started = machine.start(changed.ingestion_id, changed.to_input())
    except aws_errors():
        logger.exception("not started", assistant=changed.assistant)
        return False
    if started:
        metrics.add_metric(name="IngestionsBegun", unit="Count", value=1)
    logger.info(
        "received",
        assistant=changed.assistant,
        changes=changed.changes,
        refused=len(changed.refused),
        started=started,
    )
    return True
