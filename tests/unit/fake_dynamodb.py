"""The ledger's table in a dictionary. tests/contract asks of it what it asks of the emulator."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dynamodb_expressions import Item, Terms, holds, invalid, updated
from refusals import exceptions, refusal

Wire = dict[str, dict[str, Any]]
INDEXES = {"ByMonth": ("month", "arrived_at"), "Open": ("open", "turn")}
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
    """By `pk`, in plain values."""
    table: str = "ledger"
    exceptions: Any = field(
        default_factory=lambda: exceptions(
            _CONDITIONAL,
            "ResourceNotFoundException",
            "TransactionCanceledException",
            "TransactionConflictException",
        )
    )

    def put_item(self, **call: Any) -> dict[str, Any]:
        self._write(self._put(call), call)
        return {}

    def get_item(self, **call: Any) -> dict[str, Any]:
        found = self.items.get(self._key(call))
        terms = _terms(call)
        wanted = [
            terms.name(name.strip())
            for name in call.get("ProjectionExpression", "").split(",")
            if name
        ]
        if found is None:
            return {}
        return {"Item": as_wire({n: v for n, v in found.items() if not wanted or n in wanted})}

    def update_item(self, **call: Any) -> dict[str, Any]:
        key = self._key(call)
        before = dict(self.items[key]) if key in self.items else None
        self._write(self._update(call), call)
        match call.get("ReturnValues", "NONE"):
            case "ALL_NEW":
                return {"Attributes": as_wire(self.items[key])}
            case "ALL_OLD" if before is not None:
                return {"Attributes": as_wire(before)}
        return {}

    def delete_item(self, **call: Any) -> dict[str, Any]:
        self._write(self._delete(call), call)
        return {}

    def transact_write_items(self, *, TransactItems: Any, **_token: Any) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """All or nothing: each condition is asked of the items as they were."""
        plans = {
            "Put": self._put,
            "Update": self._update,
            "Delete": self._delete,
            "ConditionCheck": self._look,
        }
        writes, reasons = [], []
        for entry in TransactItems:
            [(kind, call)] = entry.items()
            if self._condition(call):
                writes.append(plans[kind](call))
                reasons.append({"Code": "None"})
            else:
                reasons.append({"Code": "ConditionalCheckFailed", **self._old(call)})
        if len(writes) < len(TransactItems):
            raise refusal(
                "TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons
            )
        for write in writes:
            write()
        return {}

    def query(self, **call: Any) -> dict[str, Any]:
        terms = _terms(call)
        found = [
            i
            for i in self.items.values()
            if self._indexed(call, i) and holds(call["KeyConditionExpression"], i, terms)
        ]
        if index := call.get("IndexName"):
            found.sort(key=lambda item: item[INDEXES[index][1]])
        if not call.get("ScanIndexForward", True):
            found.reverse()
        return self._page(call, found, terms)

    def scan(self, **call: Any) -> dict[str, Any]:
        return self._page(
            call, [i for i in self.items.values() if self._indexed(call, i)], _terms(call)
        )

    def get_paginator(self, operation: str) -> "_Pages":
        return _Pages(call=getattr(self, operation))

    def _page(self, call: Mapping[str, Any], found: list[Item], terms: Terms) -> dict[str, Any]:
        """`Limit` counts what is read, before the filter; who forgets to turn pages sees less."""
        start = int(call.get("ExclusiveStartKey", {}).get("at", {"N": "0"})["N"])
        stop = start + call.get("Limit", 25)
        read = found[start:stop]
        if expression := call.get("FilterExpression"):
            read = [item for item in read if holds(expression, item, terms)]
        more = {"LastEvaluatedKey": {"at": {"N": str(stop)}}} if stop < len(found) else {}
        return {"Items": [as_wire(item) for item in read], "Count": len(read), **more}

    def _indexed(self, call: Mapping[str, Any], item: Item) -> bool:
        """An index holds the items that have its keys, and no others."""
        return set(INDEXES.get(call.get("IndexName", ""), ())) <= item.keys()

    def _write(self, write: Callable[[], None], call: Mapping[str, Any]) -> None:
        if not self._condition(call):
            raise refusal(_CONDITIONAL, message="The conditional request failed", **self._old(call))
        write()

    def _condition(self, call: Mapping[str, Any]) -> bool:
        expression = call.get("ConditionExpression")
        item = self.items.get(self._key(call), {})
        terms = _terms(call)
        answer = expression is None or holds(expression, item, terms)
        if answer and (update := call.get("UpdateExpression")):
            updated(update, item, terms)  # only read: DynamoDB refuses what it cannot apply
        if answer:
            terms.all_used()
        return answer

    def _old(self, call: Mapping[str, Any]) -> dict[str, Any]:
        wanted = call.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        found = self.items.get(self._key(call))
        return {"Item": as_wire(found)} if wanted and found is not None else {}

    def _put(self, call: Mapping[str, Any]) -> Callable[[], None]:
        item = as_plain(call["Item"])
        for keys in INDEXES.values():
            if wrong := [
                name
                for name in keys
                if not isinstance(item.get(name, "x"), str) or item.get(name, "x") == ""
            ]:
                raise invalid(f"Type mismatch or empty value for index key {wrong}")
        return lambda: self.items.update({item["pk"]: item})

    def _update(self, call: Mapping[str, Any]) -> Callable[[], None]:
        key = self._key(call)

        def write() -> None:
            item = self.items.setdefault(key, {"pk": key})
            after = updated(call["UpdateExpression"], item, _terms(call))
            item.clear()  # in place: a test may hold the item
            item.update(after)

        return write

    def _delete(self, call: Mapping[str, Any]) -> Callable[[], None]:
        key = self._key(call)
        return lambda: self.items.pop(key, None) and None

    def _look(self, _call: Mapping[str, Any]) -> Callable[[], None]:
        return lambda: None

    def _key(self, call: Mapping[str, Any]) -> str:
        if call["TableName"] != self.table:
            raise refusal("ResourceNotFoundException", message="Requested resource not found")
        key = call.get("Key") or {"pk": call["Item"]["pk"]}
        if set(key) != {"pk"} or not isinstance(key["pk"].get("S"), str) or not key["pk"]["S"]:
            raise invalid("The provided key element does not match the schema")
        return str(key["pk"]["S"])


@dataclass(frozen=True, kw_only=True)
class _Pages:
    call: Callable[..., dict[str, Any]]

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self.call(**call)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            call["ExclusiveStartKey"] = page["LastEvaluatedKey"]
