"""DynamoDB: `dynamodb:LeadingKeys`, the partition key values that a call is about, which MiniStack's
enforcement leaves out. A condition that wants it would refuse every call.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb

LEADING_KEYS = "dynamodb:LeadingKeys"
_Context = dict[str, Any]


def install() -> None:
    iam_actions.dynamodb_service_context = _with_keys(iam_actions.dynamodb_service_context)


def _with_keys(context_of: Callable[[bytes], _Context]) -> Callable[[bytes], _Context]:
    def context(body: bytes) -> _Context:
        found = context_of(body)
        if (value := leading_key(body)) is not None:
            found[LEADING_KEYS] = [value]
        return found

    return context


def leading_key(body: bytes) -> str | None:
    """Of a call about one item: GetItem, PutItem, UpdateItem, DeleteItem."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return None
    if not isinstance(asked, dict):
        return None
    table = dynamodb._tables.get(str(asked.get("TableName", "")).rpartition("/")[2])
    item = asked.get("Key") or asked.get("Item")
    if table is None or not isinstance(item, dict):
        return None
    value = item.get(table["pk_name"])
    return str(next(iter(value.values()))) if isinstance(value, dict) and value else None
