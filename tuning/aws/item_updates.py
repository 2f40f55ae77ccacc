"""The arguments of updates of a table's items, alone or as parts of a transaction.

Items are made by updates too, and never put: who may put an item may replace a whole one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tuning.runs.ledger_item import KEY, Item, Stored

NEW = f"attribute_not_exists({KEY})"
"""The condition of an item that is not there yet."""


def new_record(table: str, record: Stored, *, instead_of: str | None = None) -> dict[str, Any]:
    """Of what is not there yet, or of what takes the place of that run's."""
    update = whole_record(table, record)
    if instead_of is None:
        return {**update, "ConditionExpression": NEW}
    update["ExpressionAttributeValues"][":instead_of"] = {"S": instead_of}
    return {**update, "ConditionExpression": "run_id = :instead_of"}


def new_item(table: str, item_id: str, values: Item) -> dict[str, Any]:
    return {**_set_all(table, item_id, values), "ConditionExpression": NEW}


def whole_record(table: str, record: Stored) -> dict[str, Any]:
    beside_key = {name: value for name, value in record.to_item().items() if name != KEY}
    return _set_all(table, record.id, beside_key)


def _set_all(table: str, item_id: str, values: Item) -> dict[str, Any]:
    return {
        "TableName": table,
        "Key": item_key(item_id),
        "UpdateExpression": f"SET {set_terms(values)}",
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": keyed(values),
    }


def keyed(values: Mapping[str, Any]) -> dict[str, Any]:
    """As values of an expression."""
    return {f":{name}": value for name, value in values.items()}


def set_terms(names: Iterable[str]) -> str:
    return ", ".join(f"#{name} = :{name}" for name in names)


def item_key(item_id: str) -> dict[str, dict[str, str]]:
    return {KEY: {"S": item_id}}
