"""DynamoDB: the condition keys of a call about one item, as AWS sets them for a policy.

`dynamodb:LeadingKeys` is the item's partition key, `dynamodb:Attributes` are all the top-level attributes that the
call names, in its key, item and expressions, `dynamodb:Select` is how much a read is to answer with, and
`dynamodb:ReturnValues` is what a write is to answer with. No key says what a condition that fails is to answer with
(`ReturnValuesOnConditionCheckFailure`): https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

LEADING_KEYS = "dynamodb:LeadingKeys"
NAMED_ATTRIBUTES = "dynamodb:Attributes"
SELECT = "dynamodb:Select"
RETURN_VALUES = "dynamodb:ReturnValues"
_EXPRESSIONS = (
    *("ConditionExpression", "FilterExpression", "KeyConditionExpression"),
    *("ProjectionExpression", "UpdateExpression"),
)
_ITEMS = (
    "Key",
    "Item",
    "Expected",
    "AttributeUpdates",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
)
"""Parameters that are maps by attribute; those after `Item` are of the time before expressions."""
_WORDS = frozenset(
    {"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"},
)
# The first part of a path: no dot precedes it, nor the colon of a value. A function's name is followed by `(`.
# A placeholder is one wherever it begins: `SET#a=:a` names it.
_NAME = re.compile(r"(?<!\.)(#\w+)|(?<![\w.:#])([A-Za-z_]\w*)(?!\w|\s*\()")
_WRITES = ("Item", "UpdateExpression", "AttributeUpdates")


def condition_keys(call: Mapping[str, Any], partition_key: str) -> dict[str, Any]:
    """Of a call such as GetItem or UpdateItem, or of one part of a transaction."""
    found: dict[str, Any] = {SELECT: _select(call)}
    if attributes := list(dict.fromkeys(_attributes(call))):
        found[NAMED_ATTRIBUTES] = attributes
    named = call.get("Key") or call.get("Item")
    value = named.get(partition_key) if isinstance(named, dict) else None
    if isinstance(value, dict) and value:
        found[LEADING_KEYS] = [str(next(iter(value.values())))]
    # An update without an expression updates nothing, and is answered all the same.
    if any(part in call for part in (*_WRITES, "ReturnValues")):
        found[RETURN_VALUES] = str(call.get("ReturnValues") or "NONE")
    return found


def _select(call: Mapping[str, Any]) -> str:
    if asked := call.get("Select"):
        return str(asked)
    if call.get("ProjectionExpression") or call.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if call.get("IndexName") else "ALL_ATTRIBUTES"


def _attributes(call: Mapping[str, Any]) -> Iterator[str]:
    names = call.get("ExpressionAttributeNames")
    names = names if isinstance(names, dict) else {}
    for part in _ITEMS:
        held = call.get(part)
        yield from held if isinstance(held, dict) else ()
    for part in _EXPRESSIONS:
        text = call.get(part)
        for name in _named(text) if isinstance(text, str) else ():
            yield str(names.get(name, name)) if name.startswith("#") else name
    legacy = call.get("AttributesToGet")
    yield from (
        (each for each in legacy if isinstance(each, str)) if isinstance(legacy, list) else ()
    )


@lru_cache(maxsize=1_000)
def _named(expression: str) -> tuple[str, ...]:
    """The attributes and placeholders of an expression; programs send the same ones over and over."""
    return tuple(
        placeholder or name
        for placeholder, name in _NAME.findall(expression)
        if placeholder or name.upper() not in _WORDS
    )
