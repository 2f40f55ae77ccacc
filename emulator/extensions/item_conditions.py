"""DynamoDB: the condition keys of items, attributes and answers, which MiniStack's enforcement leaves out or
knows of projections only. A transaction is asked for each of its parts, each with its own keys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

import json
from typing import Any, Self

from ministack.core import iam_actions
from ministack.services import dynamodb

from emulator.extensions.patching import Theirs, patch
from emulator.item_requests import condition_keys

_Context = dict[str, Any]
_PARTS = ("ConditionCheck", "Put", "Update", "Delete", "Get")
"""In MiniStack's order, which asks for each that an entry has."""


class PartOfTransaction(str):
    """The action of one part of a transaction, with what it is about."""

    __slots__ = ("keys",)
    keys: _Context

    @classmethod
    def of(cls, action: str, call: _Context) -> Self:
        made = cls(action)
        made.keys = keys_of(call)
        return made


def install() -> None:
    patch(iam_actions, "dynamodb_service_context", _add_item_keys)
    patch(iam_actions, "dynamodb_transaction_checks", _check_each_part)


def keys_of(call: _Context) -> _Context:
    """The condition keys of a call about one item of a table that is there."""
    table = dynamodb._tables.get(str(call.get("TableName", "")).rpartition("/")[2])
    return {} if table is None else condition_keys(call, table["pk_name"])


def _add_item_keys(context_of: Theirs[_Context], body: bytes) -> _Context:
    return context_of(body) | keys_of(_read(body))


def _check_each_part(
    checks_of: Theirs[list[tuple[str, str]]], iam_action: str, body: bytes, *where: str
) -> list[tuple[str, str]]:
    found = checks_of(iam_action, body, *where)
    entries = _read(body).get("TransactItems") if found else []
    parts = [
        entry[part]
        for entry in entries or []
        if isinstance(entry, dict)
        for part in _PARTS
        if isinstance(entry.get(part), dict) and _table(entry[part])
    ]
    return [
        (PartOfTransaction.of(action, part), table)
        for (action, table), part in zip(found, parts, strict=True)
    ]


def _table(part: _Context) -> str:
    name = part.get("TableName")
    return name if isinstance(name, str) else ""


def _read(body: bytes) -> _Context:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
