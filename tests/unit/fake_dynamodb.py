"""The ledger's table and that of the budgets, each in a dictionary. tests/contract asks of it what it asks of the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dynamodb_expressions import Compiled, Item, Terms, checked, condition, invalid, update
from recipe_refusal_cases import Pages, exceptions, refusal

from tuning.runs.run import is_run
from tuning.runs.run_record import BY_MONTH, JOB_QUEUE, OPEN_RUNS, RunRecord

Wire = dict[str, dict[str, Any]]
INDEXES = {index.name: (index.partition, index.sort) for index in (BY_MONTH, JOB_QUEUE, OPEN_RUNS)}
_CONDITIONAL = "ConditionalCheckFailedException"


def plain(value: Mapping[str, Any]) -> Any:
    """`{"S": "x"}` as "x": what a test writes down."""
    [(kind, held)] = value.items()
    match kind:
        case "N":
            number = Decimal(held)
            return int(number) if number == number.to_integral_value() else number
        case "L":
            return [plain(each) for each in held]
        case "M":
            return {name: plain(each) for name, each in held.items()}
        case "SS":
            return set(held)
        case "NULL":
            return None
    return held


def wire(value: Any) -> dict[str, Any]:
    match value:
        case list():
            return {"L": [wire(each) for each in value]}
        case dict():
            return {"M": as_wire(value)}
        case set():
            return {"SS": sorted(value)}
    kinds = {bool: "BOOL", int: "N", Decimal: "N", str: "S"}
    if value is None:
        return {"NULL": True}
    kind = kinds[type(value)]
    return {kind: str(value) if kind == "N" else value}


def as_wire(item: Mapping[str, Any]) -> Wire:
    return {name: wire(value) for name, value in item.items()}


def as_plain(item: Mapping[str, Mapping[str, Any]]) -> Item:
    return {name: plain(value) for name, value in item.items()}


def _terms(call: Mapping[str, Any]) -> Terms:
    return Terms(
        names=call.get("ExpressionAttributeNames", {}),
        values=as_plain(call.get("ExpressionAttributeValues", {})),
    )


@dataclass
class FakeDynamoDB:
    items: dict[str, Item] = field(default_factory=dict)
    """Of the ledger by `pk`, in plain values."""
    budgets: dict[str, Item] = field(default_factory=dict)
    """Of the other table."""
    former: dict[str, Item | None] = field(default_factory=dict)
    """What an item was before it was last written: what a read without consistency answers."""
    exceptions = exceptions(
        _CONDITIONAL,
        "ResourceNotFoundException",
        "TransactionCanceledException",
        "TransactionConflictException",
    )

    def lay(self, record: RunRecord) -> str:
        """A run that the ledger has. Returns its id."""
        self.items[record.id] = as_plain(record.to_item())
        return record.id

    def record(self, run_id: str) -> RunRecord:
        return RunRecord.from_item(as_wire(self.items[run_id]))

    def records(self) -> list[RunRecord]:
        return [self.record(key) for key in self.items if is_run(key)]

    def put_item(self, **call: Any) -> dict[str, Any]:
        self._write({"Put": call})
        return {}

    def get_item(self, **call: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html"""
        key = self._key(call)
        found = self.rows(call).get(key)
        if not call.get("ConsistentRead"):
            found = self.former.get(key, found)
        if found is not None and (projection := call.get("ProjectionExpression")):
            found = _projected(found, projection, call.get("ExpressionAttributeNames", {}))
        return {} if found is None else {"Item": as_wire(found)}

    def update_item(self, **call: Any) -> dict[str, Any]:
        before = dict(self.rows(call).get(self._key(call), {}))
        self._write({"Update": call})
        match call.get("ReturnValues", "NONE"):
            case "ALL_NEW":
                return {"Attributes": as_wire(self.rows(call)[self._key(call)])}
            case "ALL_OLD" if before:
                return {"Attributes": as_wire(before)}
        return {}

    def delete_item(self, **call: Any) -> dict[str, Any]:
        self._write({"Delete": call})
        return {}

    def transact_write_items(self, *, TransactItems: Any, **_token: Any) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """All or nothing: each condition is asked of the items as they were."""
        changes, reasons = [], []
        for entry in TransactItems:
            if (change := self._change(entry)) is None:
                call = next(iter(entry.values()))
                reasons.append({"Code": "ConditionalCheckFailed", **self._old(call)})
            else:
                changes.append(change)
                reasons.append({"Code": "None"})
        if len(changes) < len(TransactItems):
            raise refusal(
                "TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons
            )
        for call, key, after in changes:
            self.store(key, after, self.rows(call))
        return {}

    def rows(self, call: Mapping[str, Any]) -> dict[str, Item]:
        """The table that a call is about. Raises as DynamoDB does for one that is not there."""
        tables = {"ledger": self.items, "budgets": self.budgets}
        if call["TableName"] not in tables:
            raise refusal("ResourceNotFoundException", message="Requested resource not found")
        return tables[call["TableName"]]

    def query(self, **call: Any) -> dict[str, Any]:
        terms, wanted = _terms(call), condition(call["KeyConditionExpression"])
        found = [i for i in self._indexed(call) if wanted.evaluate(i, terms)]
        if index := call.get("IndexName"):
            found.sort(key=lambda item: item[INDEXES[index][1]])
        if not call.get("ScanIndexForward", True):
            found.reverse()
        return self._page(call, found, wanted)

    def scan(self, **call: Any) -> dict[str, Any]:
        return self._page(call, self._indexed(call))

    def get_paginator(self, operation: str) -> Pages:
        next_of = ("LastEvaluatedKey", "ExclusiveStartKey")
        return Pages(call=getattr(self, operation), next_of=next_of)

    def store(self, key: str, after: Item | None, rows: dict[str, Item]) -> None:
        """In place, as a test may hold the item."""
        self.former[key] = dict(rows[key]) if key in rows else None
        if after is None:
            rows.pop(key, None)
            return
        item = rows.setdefault(key, {})
        item.clear()
        item.update(after)

    def _page(
        self, call: Mapping[str, Any], found: list[Item], *expressions: Compiled
    ) -> dict[str, Any]:
        """`Limit` counts what is read, before the filter. Without it, two a page: who forgets to turn pages
        sees two.
        """
        start = int(call.get("ExclusiveStartKey", {}).get("at", {"N": "0"})["N"])
        stop = start + call.get("Limit", 2)
        read, terms = found[start:stop], _terms(call)
        if text := call.get("FilterExpression"):
            expressions = (*expressions, condition(text))
            read = [item for item in read if expressions[-1].evaluate(item, terms)]
        checked(terms, *expressions)
        more = {"LastEvaluatedKey": {"at": {"N": str(stop)}}} if stop < len(found) else {}
        return {"Items": [as_wire(item) for item in read], "Count": len(read), **more}

    def _indexed(self, call: Mapping[str, Any]) -> list[Item]:
        """An index holds the items that have its keys, and no others."""
        keys = set(INDEXES.get(call.get("IndexName", ""), ()))
        return [item for item in self.rows(call).values() if keys <= item.keys()]

    def _write(self, entry: Mapping[str, Mapping[str, Any]]) -> None:
        if (change := self._change(entry)) is None:
            old = self._old(next(iter(entry.values())))
            raise refusal(_CONDITIONAL, message="The conditional request failed", **old)
        self.store(change[1], change[2], self.rows(change[0]))

    def _change(
        self, entry: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], str, Item | None] | None:
        """The call, the key and the item as it will be; None when the condition does not hold."""
        [(kind, call)] = entry.items()
        key, terms = self._key(call), _terms(call)
        wanted = condition(text) if (text := call.get("ConditionExpression")) else None
        change = update(call["UpdateExpression"]) if kind == "Update" else None
        checked(terms, *(each for each in (wanted, change) if each))
        item = self.rows(call).get(key, {})
        if wanted and not wanted.evaluate(item, terms):
            return None
        if change:
            return call, key, _fit(change.evaluate(item or {"pk": key}, terms))
        if kind == "Put":
            return call, key, _fit(as_plain(call["Item"]))
        return call, key, dict(item) or None if kind == "ConditionCheck" else None

    def _old(self, call: Mapping[str, Any]) -> dict[str, Any]:
        wanted = call.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        found = self.rows(call).get(self._key(call))
        return {"Item": as_wire(found)} if wanted and found is not None else {}

    def _key(self, call: Mapping[str, Any]) -> str:
        self.rows(call)
        key = call.get("Key") or {"pk": call["Item"]["pk"]}
        if set(key) != {"pk"} or not isinstance(key["pk"].get("S"), str) or not key["pk"]["S"]:
            raise invalid("The provided key element does not match the schema")
        return str(key["pk"]["S"])


def _projected(item: Item, projection: str, names: Mapping[str, str]) -> Item:
    """As in DynamoDB, every name that is given is used."""
    parts = [part.strip() for part in projection.split(",")]
    if unused := set(names) - set(parts):
        raise invalid(f"Value provided in ExpressionAttributeNames unused: {sorted(unused)}")
    wanted = {names.get(part, part) for part in parts}
    return {name: value for name, value in item.items() if name in wanted}


def _fit(item: Item) -> Item:
    """Keys of an index are text that is not empty, where they are there at all."""
    names = {name for keys in INDEXES.values() for name in keys} & item.keys()
    if wrong := [name for name in names if not isinstance(item[name], str) or not item[name]]:
        raise invalid(f"Type mismatch or empty value for index key {wrong}")
    return item
