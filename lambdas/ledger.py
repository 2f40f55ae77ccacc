"""The ledger: one item a run, written under conditions."""

import json
from collections.abc import Mapping
from typing import Any

from lambdas.aws import client
from tuning.line import turn

_RECEIVED = "received"


def arrive(table: str, run_id: str, facts: Mapping[str, str]) -> bool:
    """Write a run's item when it is not there yet.

    Returns whether the run may still have to be started: it is new, or whoever wrote it died
    before the execution was started.
    """
    ledger = client("dynamodb")
    item = {
        **facts,
        "pk": run_id,
        "state": _RECEIVED,
        "month": facts["arrived_at"][:7],
        "open": "working",
        "turn": turn(facts["arrived_at"], run_id),
    }
    try:
        ledger.put_item(
            TableName=table,
            Item={name: {"S": value} for name, value in item.items()},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ledger.exceptions.ConditionalCheckFailedException:
        found = ledger.get_item(TableName=table, Key={"pk": {"S": run_id}}, ConsistentRead=True)
        return bool(found["Item"]["state"]["S"] == _RECEIVED)
    return True


def started(table: str, run_id: str) -> None:
    """The execution is under way. It may be ahead of us already, and then has said so itself."""
    ledger = client("dynamodb")
    try:
        ledger.update_item(
            TableName=table,
            Key={"pk": {"S": run_id}},
            UpdateExpression="SET #state = :started",
            ConditionExpression="#state = :received",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":started": {"S": "started"}, ":received": {"S": _RECEIVED}},
        )
    except ledger.exceptions.ConditionalCheckFailedException:
        return


def note(table: str, run_id: str, **facts: Any) -> Mapping[str, str]:
    """Set attributes of a run: text as it stands, anything else as JSON. Returns the whole row."""
    names = {f"#{name}": name for name in facts}
    values = {
        f":{name}": {"S": fact if isinstance(fact, str) else json.dumps(fact)}
        for name, fact in facts.items()
    }
    updated = client("dynamodb").update_item(
        TableName=table,
        Key={"pk": {"S": run_id}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
    )
    return {name: next(iter(value.values())) for name, value in updated["Attributes"].items()}
