"""DynamoDB's expressions: conditions that are evaluated, updates that are applied, on plain dicts.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from refusals import refusal

Item = dict[str, Any]
_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][\w]*|\d+|<>|<=|>=|[=<>(),+.\[\]-])")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTIONS = frozenset(
    {"attribute_exists", "attribute_not_exists", "begins_with", "contains", "size"}
)
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
_ABSENT = object()


@cache
def reserved() -> frozenset[str]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html"""
    listed = Path(__file__).parents[1] / "data" / "dynamodb_reserved_words.txt"
    return frozenset(listed.read_text("utf-8").split())


@dataclass(kw_only=True)
class Terms:
    """What `#name` and `:value` stand for. As in DynamoDB, all of them must be used."""

    names: Mapping[str, str]
    values: Mapping[str, Any]
    used: set[str] = field(default_factory=set)

    def name(self, token: str) -> str:
        if token.startswith("#"):
            if token not in self.names:
                raise invalid(f"An expression attribute name used is not defined: {token}")
            self.used.add(token)
            return self.names[token]
        if token.upper() in reserved():
            raise invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def value(self, token: str) -> Any:
        if token not in self.values:
            raise invalid(f"An expression attribute value used is not defined: {token}")
        self.used.add(token)
        return self.values[token]

    def all_used(self) -> None:
        if idle := {*self.names, *self.values} - self.used:
            raise invalid(f"Value provided is unused in expressions: {sorted(idle)}")


def invalid(message: str) -> Exception:
    return refusal("ValidationException", message=message)


def holds(expression: str, item: Item, terms: Terms) -> bool:
    reading = _Reading(_tokens(expression), item, terms)
    answer = reading.disjunction()
    reading.end()
    return answer


def updated(expression: str, item: Item, terms: Terms) -> Item:
    """The item as it is afterwards; every operand is read from the item as it was."""
    reading = _Reading(_tokens(expression), item, terms)
    after = dict(item)
    while (clause := reading.take().upper()) in _CLAUSES:
        reading.clause(clause, after)
        if reading.peek() == "":
            return after
    raise invalid(f"Invalid UpdateExpression: {expression!r}")


@cache
def _tokens(expression: str) -> tuple[str, ...]:
    found, at = [], 0
    text = expression.strip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise invalid(f"Invalid expression: {text[at:]!r}")
        found.append(token[1])
        at = token.end()
    return tuple(found)


class _Reading:
    """One pass over an expression's tokens. Both sides of AND and OR are always read."""

    def __init__(self, tokens: tuple[str, ...], item: Item, terms: Terms) -> None:
        self._tokens, self._item, self._terms = tokens, item, terms
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token.upper() != wanted):
            raise invalid(f"Invalid expression: {token!r} where {wanted or 'more'} is expected")
        self._at += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise invalid(f"Invalid expression: {self.peek()!r} at its end")

    def disjunction(self) -> bool:
        answer = self._conjunction()
        while self.peek().upper() == "OR":
            self.take()
            answer = self._conjunction() or answer
        return answer

    def clause(self, clause: str, after: Item) -> None:
        while True:
            name = self._terms.name(self.take())
            if clause == "SET":
                self.take("=")
                after[name] = self._sum()
            elif clause == "REMOVE":
                after.pop(name, None)
            elif clause == "ADD":
                given = self._operand()
                before = self._item.get(name, 0 if not isinstance(given, set) else set())
                after[name] = before | given if isinstance(given, set) else before + given
            else:
                after[name] = self._item.get(name, set()) - self._operand()
                if not after[name]:
                    del after[name]
            if self.peek() != ",":
                return
            self.take(",")

    def _conjunction(self) -> bool:
        answer = self._negation()
        while self.peek().upper() == "AND":
            self.take()
            answer = self._negation() and answer
        return answer

    def _negation(self) -> bool:
        if self.peek().upper() == "NOT":
            self.take()
            return not self._negation()
        if self.peek() == "(":
            self.take()
            answer = self.disjunction()
            self.take(")")
            return answer
        return self._comparison()

    def _comparison(self) -> bool:
        if self.peek() in _FUNCTIONS - {"size"}:
            return self._function(self.take())
        left = self._operand()
        match self.take().upper():
            case "BETWEEN":
                low = self._operand()
                self.take("AND")
                return _compared(low, "<=", left) & _compared(left, "<=", self._operand())
            case "IN":
                return left in self._operands()
            case sign if sign in _COMPARE:
                return _compared(left, sign, self._operand())
            case other:
                raise invalid(f"Invalid expression: {other!r} is no comparison")

    def _function(self, name: str) -> bool:
        operands = self._operands()
        match name, operands:
            case "attribute_exists", [found]:
                return found is not _ABSENT
            case "attribute_not_exists", [found]:
                return found is _ABSENT
            case "begins_with", [str(text), str(start)]:
                return text.startswith(start)
            case "contains", [found, part]:
                return found is not _ABSENT and part in found
        return False

    def _operands(self) -> list[Any]:
        self.take("(")
        found = [self._operand()]
        while self.peek() == ",":
            self.take()
            found.append(self._operand())
        self.take(")")
        return found

    def _sum(self) -> Any:
        total = self._operand()
        while (sign := self.peek()) in ("+", "-"):
            self.take()
            total = self._numeric(total, sign, self._operand())
        if total is _ABSENT:
            raise invalid("The provided expression refers to an attribute that does not exist")
        return total

    def _numeric(self, left: Any, sign: str, right: Any) -> Any:
        if _ABSENT in (left, right):
            raise invalid("The provided expression refers to an attribute that does not exist")
        return left + right if sign == "+" else left - right

    def _operand(self) -> Any:
        match self.take():
            case "size":
                return len(self._operands()[0])
            case "if_not_exists":
                found, otherwise = self._operands()
                return otherwise if found is _ABSENT else found
            case token if token.startswith(":"):
                return self._terms.value(token)
            case token:
                return self._item.get(self._terms.name(token), _ABSENT)


def _compared(left: Any, sign: str, right: Any) -> bool:
    """What is absent, or of another type, compares with nothing; it only differs."""
    if _ABSENT in (left, right) or isinstance(left, str) is not isinstance(right, str):
        return sign == "<>"
    return _COMPARE[sign](left, right)
