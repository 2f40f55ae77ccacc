"""What the manifest lets a function, or the state machine, do with the tables: asked of each of its calls."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from domain_builders import any_run_settings
from greenlet import getcurrent

from emulator.item_requests import condition_keys
from tuning.pipeline.grants import Access
from tuning.pipeline.ledger_grants import MACHINE_READS, MACHINE_WRITES
from tuning.pipeline.manifest import STEPS
from tuning.runs.ledger_item import KEY

_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
_OPERATIONS = {
    **{f"{part.lower()}_item": action for part, action in _ACTIONS.items()},
    "query": "Query",
    "scan": "Scan",
}
_SETTINGS = any_run_settings()
_TABLES = {_SETTINGS.ledger_table: "Ledger", _SETTINGS.budgets_table: "Budgets"}
THE_MACHINE = "the state machine"


def acting() -> str:
    """The function that acts now; without one it is the state machine."""
    invocation = getattr(getcurrent(), "invocation", None)
    return invocation.function if invocation else THE_MACHINE


def assert_granted(who: str, service: str, operation: str, call: Mapping[str, Any]) -> None:
    """Nobody asks DynamoDB for what it would refuse them."""
    if service != "dynamodb":
        return
    if operation == "transact_write_items":
        parts = [
            (_ACTIONS[kind], part) for each in call["TransactItems"] for kind, part in each.items()
        ]
    else:
        parts = [(_OPERATIONS[operation], call)]
    for action, part in parts:
        table = _TABLES.get(part["TableName"], "Ledger")  # the machine's is a reference
        on = f"{table}/index/{part['IndexName']}" if "IndexName" in part else table
        given = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in condition_keys(part, KEY).items()
        }
        granted = _granted(who, f"dynamodb:{action}", on, tuple(given.items()))
        assert granted, f"{who} may not {action} {on}: {given}"


@cache
def _granted(who: str, action: str, on: str, given: tuple[tuple[str, Any], ...]) -> bool:
    """Asked for each call of thousands of histories, which are much the same."""
    keys = dict(given)
    return any(
        action in access.actions
        and on in access.on
        and all(
            _holds(operator, keys.get(key), wanted)
            for operator, asked in access.conditions.items()
            for key, wanted in asked.items()
        )
        for access in _access(who)
    )


@cache
def _access(who: str) -> tuple[Access, ...]:
    steps = {step.name: step.access for step in STEPS}
    return {**steps, THE_MACHINE: (MACHINE_READS, MACHINE_WRITES)}[who]


def _holds(operator: str, given: Any, wanted: str | tuple[str, ...]) -> bool:
    wanted = (wanted,) if isinstance(wanted, str) else wanted
    values = given if isinstance(given, tuple) else (given,)
    match operator:
        case "Null":
            return (given is None) == (wanted == ("true",))
        case "StringEquals":
            return given in wanted
        case "StringEqualsIfExists":
            return given is None or given in wanted
        case "ForAllValues:StringEquals" | "ForAllValues:StringLike":
            return given is None or all(any(fnmatchcase(v, w) for w in wanted) for v in values)
        case "ForAllValues:StringNotLike":
            return given is None or not any(fnmatchcase(v, w) for v in values for w in wanted)
    raise NotImplementedError(operator)
