"""The ledger: one item a run, written under conditions, so that no late step moves a run back."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from tuning.aws.clients import client
from tuning.aws.transient import Transient
from tuning.runs.job_queue import arrival_order
from tuning.runs.run import Misdirected, ReceivedVersion, Run
from tuning.runs.run_states import OPEN, Partition, State, sources

Row = Mapping[str, str]
"""An item, its attributes as text; what is no plain text is JSON."""


def arrive(table: str, run: Run | Misdirected) -> Mapping[str, Any] | None:
    """Write a run's item when the version of its upload has no run yet, in one transaction.

    Returns the input to start an execution with: of this run, or of the one that the version has
    already, when whoever wrote that died before the execution was started. None when it was started.
    """
    version = ReceivedVersion(upload=run.upload, run_id=run.id)
    item = {**_first(run), "pk": run.id, "state": "received", "run": run.to_dict()}
    new = [
        {
            "Put": {
                "TableName": table,
                "Item": typed(each),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        for each in (item, version.to_item())
    ]
    if transact(new) is None:
        return run.to_dict()
    run_id = (read(table, version.pk) or {}).get("run_id", run.id)  # none of the first version's
    row = read(table, run_id)
    if row is None:
        return run.to_dict() if run_id == run.id else None
    return json.loads(row["run"]) if row["state"] == "received" else None


def transact(items: list[dict[str, Any]]) -> int | None:
    """Write all of them, or none. Returns the number of the first whose condition did not hold."""
    dynamodb = client("dynamodb")
    try:
        dynamodb.transact_write_items(TransactItems=items)
    except dynamodb.exceptions.TransactionCanceledException as error:
        codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
        if "ConditionalCheckFailed" in codes:
            return codes.index("ConditionalCheckFailed")
        raise Transient(f"the ledger was busy: {', '.join(map(str, codes))}") from error
    return None


def move(
    table: str, run: Run | Misdirected, to: State, *, without: Iterable[str] = (), **facts: Any
) -> Row | None:
    """Bring the run into a state, with what was learnt on the way, and without the attributes that it
    had on the way. Returns the row as it is then.

    None when the run is past that state, or has ended: then nothing was written, and whoever called
    comes late and must not act. A row that is lost is written anew from what the step knows.
    """
    return _update(table, run, {"state": to, **facts}, found_in=sources(to), without=without)


def note(table: str, run: Run | Misdirected, **facts: Any) -> Row | None:
    """Set attributes of a run that has not ended. Returns its row, or None, having written nothing,
    when it has ended.
    """
    return _update(table, run, facts, found_in=OPEN)


def amend(table: str, run_id: str, facts: Mapping[str, str], *, close: bool = False) -> None:
    """Set attributes of a run that is open or has ended, whatever its state; `close` takes it out of
    the index of what is open.
    """
    written = [f"#{name} = :{name}" for name in facts]
    parts = ["SET " + ", ".join(written)] if written else []
    names = [*facts, "pk", *(["open"] if close else [])]
    values = {"ExpressionAttributeValues": keyed(**facts)} if facts else {}
    client("dynamodb").update_item(
        TableName=table,
        Key={"pk": {"S": run_id}},
        UpdateExpression=" ".join([*parts, *(["REMOVE #open"] if close else [])]),
        ConditionExpression="attribute_exists(#pk)",
        ExpressionAttributeNames={f"#{name}": name for name in names},
        **values,
    )


def put_back(table: str, row: Row) -> None:
    """Write a row that was lost, unless it is there again."""
    ledger = client("dynamodb")
    with suppress(ledger.exceptions.ConditionalCheckFailedException):
        ledger.put_item(
            TableName=table, Item=typed(row), ConditionExpression="attribute_not_exists(pk)"
        )


def read(table: str, run_id: str) -> Row | None:
    key = {"pk": {"S": run_id}}
    found = client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
    return plain(found["Item"]) if "Item" in found else None


def change(
    table: str, run: Run | Misdirected, facts: Mapping[str, Any], *, found_in: Iterable[State]
) -> dict[str, Any]:
    """The arguments of an update of a run's item, alone or as part of a transaction."""
    first = {"state": "started", **_first(run)}  # of a row that was lost
    kept = {name: fact for name, fact in first.items() if name not in facts}
    written = {name: fact for name, fact in facts.items() if fact is not None}
    values = typed({**kept, **written})
    states = {f":from{n}": {"S": state} for n, state in enumerate(sorted(found_in))}
    terms = [f"#{name} = :{name}" for name in written]
    terms += [f"#{name} = if_not_exists(#{name}, :{name})" for name in kept]
    return {
        "TableName": table,
        "Key": {"pk": {"S": run.id}},
        "UpdateExpression": "SET " + ", ".join(terms),
        "ConditionExpression": f"attribute_not_exists(pk) OR #state IN ({', '.join(states)})",
        "ExpressionAttributeNames": {f"#{name}": name for name in {**values, "state": ""}},
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()} | states,
    }


def typed(facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """As DynamoDB takes them: text as it stands, anything else as JSON."""
    return {
        name: {"S": str(fact) if isinstance(fact, str) else json.dumps(fact)}
        for name, fact in facts.items()
    }


def keyed(**facts: Any) -> dict[str, dict[str, str]]:
    """As values of an expression."""
    return {f":{name}": value for name, value in typed(facts).items()}


def plain(item: Mapping[str, Mapping[str, Any]]) -> Row:
    return {name: str(next(iter(value.values()))) for name, value in item.items()}


def _first(run: Run | Misdirected) -> dict[str, str]:
    """What a row has from the beginning; `open` and `turn` are the keys of the index of open runs."""
    facts = run.upload.facts
    order = arrival_order(facts["arrived_at"], run.id)
    return {**facts, "open": Partition.WORKING, "turn": order}


def _update(
    table: str,
    run: Run | Misdirected,
    facts: Mapping[str, Any],
    *,
    found_in: Iterable[State],
    without: Iterable[str] = (),
) -> Row | None:
    ledger = client("dynamodb")
    update = change(table, run, facts, found_in=found_in)
    if gone := list(without):
        update["UpdateExpression"] += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        update["ExpressionAttributeNames"] |= {f"#{name}": name for name in gone}
    try:
        return plain(ledger.update_item(**update, ReturnValues="ALL_NEW")["Attributes"])
    except ledger.exceptions.ConditionalCheckFailedException:
        return None
