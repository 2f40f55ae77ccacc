"""One DynamoDB table in a dictionary: the expressions that this project writes, read for real."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][\w]*)")
Item = dict[str, Any]


class _ConditionalCheckFailedError(ClientError):
    pass


class _TransactionCanceledError(ClientError):
    pass


def _error(kind: type[ClientError], code: str, **more: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": f"{code} it is"}, **more}
    return kind(answer, "Write")


def plain(value: Any) -> Any:
    return Decimal(value["N"]) if "N" in value else value["S"]


def typed(value: Any) -> Any:
    return {"N": str(value)} if isinstance(value, Decimal) else {"S": value}


class Expression:
    """A condition or an update, evaluated against one item (None when there is none)."""

    def __init__(self, text: str, call: Any, item: Item | None) -> None:
        self._tokens = _TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r"\s", "", text), f"not understood: {text}"
        self._names = call.get("ExpressionAttributeNames", {})
        self._values = call.get("ExpressionAttributeValues", {})
        self._item = item or {}
        self.used = set(re.findall(r"[#:]\w+", text))

    def holds(self) -> bool:
        result = self._any_of()
        assert not self._tokens, self._tokens
        return result

    def update(self) -> Item:
        changed = dict(self._item)
        while self._tokens:
            verb = self._next()
            while True:
                self._apply(verb, self._next(), changed)
                if not self._tokens or self._tokens[0] != ",":
                    break
                self._next()
        return changed

    def _apply(self, verb: str, token: str, changed: Item) -> None:
        name = self._names[token] if token.startswith("#") else token
        match verb:
            case "SET":
                assert self._next() == "="
                changed[name] = self._sum()
            case "ADD":
                changed[name] = changed.get(name, Decimal(0)) + self._operand()
            case "REMOVE":
                changed.pop(name, None)
            case _:
                raise AssertionError(f"not understood: {verb}")

    def _any_of(self) -> bool:
        result = self._all_of()
        while self._tokens[:1] == ["OR"]:
            self._next()
            result = self._all_of() or result
        return result

    def _all_of(self) -> bool:
        result = self._one()
        while self._tokens[:1] == ["AND"]:
            self._next()
            result = self._one() and result
        return result

    def _one(self) -> bool:
        match self._tokens[0]:
            case "NOT":
                self._next()
                return not self._one()
            case "(":
                self._next()
                result = self._any_of()
                assert self._next() == ")"
                return result
            case "attribute_exists" | "attribute_not_exists" as asked:
                self._next()
                present = self._argument() is not None
                return present is (asked == "attribute_exists")
        return self._comparison()

    def _argument(self) -> Any:
        assert self._next() == "("
        value = self._operand()
        assert self._next() == ")"
        return value

    def _comparison(self) -> bool:
        left, sign = self._operand(), self._next()
        if sign == "IN":
            assert self._next() == "("
            among = [self._operand()]
            while self._next() == ",":
                among.append(self._operand())
            return left in among
        right = self._operand()
        if left is None or right is None:
            return False
        return {
            "=": left == right,
            "<>": left != right,
            "<=": left <= right,
            ">=": left >= right,
            "<": left < right,
            ">": left > right,
        }[sign]

    def _sum(self) -> Any:
        total = self._operand()
        while self._tokens[:1] in (["+"], ["-"]):
            sign = 1 if self._next() == "+" else -1
            total += sign * self._operand()
        return total

    def _operand(self) -> Any:
        word = self._next()
        if word == "if_not_exists":
            assert self._next() == "("
            found = self._operand()
            assert self._next() == ","
            otherwise = self._operand()
            assert self._next() == ")"
            return otherwise if found is None else found
        if word.startswith(":"):
            return plain(self._values[word])
        return self._item.get(self._names[word] if word.startswith("#") else word)

    def _next(self) -> str:
        return self._tokens.pop(0)


@dataclass
class FakeDynamoDB:
    items: dict[str, Item] = field(default_factory=dict)
    """By key; text as text, numbers as Decimal."""
    fault: ClientError | None = None
    """What the next write is answered with, once, before anything is written."""
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(
            ConditionalCheckFailedException=_ConditionalCheckFailedError,
            TransactionCanceledException=_TransactionCanceledError,
        )
    )

    def put_item(self, **call: Any) -> None:
        self._fail()
        self._write([self._prepared(call, call["Item"]["pk"]["S"])])

    def update_item(self, **call: Any) -> Any:
        self._fail()
        key = call["Key"]["pk"]["S"]
        self._write([self._prepared(call, key)])
        return {"Attributes": {name: typed(value) for name, value in self.items[key].items()}}

    def get_item(self, *, TableName: str, Key: Any, ConsistentRead: bool) -> Any:  # noqa: N803 — AWS's names
        assert (TableName, ConsistentRead) == ("ledger", True)
        found = self.items.get(Key["pk"]["S"])
        return {"Item": {n: typed(v) for n, v in found.items()}} if found is not None else {}

    def transact_write_items(self, *, TransactItems: Any) -> None:  # noqa: N803 — AWS's names
        """All of them or none, as https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
        self._fail()
        calls = [action["Update"] for action in TransactItems]
        keys = [call["Key"]["pk"]["S"] for call in calls]
        assert len(set(keys)) == len(keys), "a transaction writes an item once"
        prepared = [self._prepared(call, key) for call, key in zip(calls, keys, strict=True)]
        if not all(held for held, _, _ in prepared):
            reasons = [{"Code": "None" if h else "ConditionalCheckFailed"} for h, _, _ in prepared]
            raise _error(
                _TransactionCanceledError,
                "TransactionCanceledException",
                CancellationReasons=reasons,
            )
        self._write(prepared)

    def _fail(self) -> None:
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault

    def _prepared(self, call: Any, key: str) -> tuple[bool, str, Item]:
        assert call["TableName"] == "ledger"
        old = self.items.get(key)
        texts = [call.get("ConditionExpression", ""), call.get("UpdateExpression", "")]
        parts = [Expression(text, call, old) for text in texts]
        given = {
            *call.get("ExpressionAttributeNames", ()),
            *call.get("ExpressionAttributeValues", ()),
        }
        assert given == parts[0].used | parts[1].used, "DynamoDB refuses names that are not used"
        holds = parts[0].holds() if texts[0] else True
        if "Item" in call:
            return holds, key, {name: plain(value) for name, value in call["Item"].items()}
        return holds, key, {"pk": key, **parts[1].update()}

    def _write(self, prepared: list[tuple[bool, str, Item]]) -> None:
        for holds, _, _ in prepared:
            if not holds:
                raise _error(_ConditionalCheckFailedError, "ConditionalCheckFailedException")
        for _, key, item in prepared:
            self.items[key] = item
