"""DynamoDB's expressions: conditions that are evaluated, updates that are applied, on plain dicts.

Each text is compiled once. As in DynamoDB, every `#name` and `:value` of it must be given, all that
are given must be used, and no attribute is called by a reserved word.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from recipe_refusal_cases import refusal

Item = dict[str, Any]
_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_]\w*|<>|<=|>=|[=<>(),+-])")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


@dataclass(frozen=True)
class Terms:
    """What `#name` and `:value` stand for."""

    names: Mapping[str, str]
    values: Mapping[str, Any]


Evaluate = Callable[[Item, Terms], Any]


@dataclass(frozen=True)
class Compiled:
    evaluate: Evaluate
    tokens: frozenset[str]
    """The `#names` and `:values` that it uses."""


def invalid(message: str) -> Exception:
    return refusal("ValidationException", message=message)


def checked(terms: Terms, *expressions: Compiled) -> None:
    """Raises unless exactly what the expressions use was given."""
    given = {*terms.names, *terms.values}
    used = frozenset[str]().union(*(each.tokens for each in expressions))
    if wrong := given ^ used:
        raise invalid(f"Value provided is unused in expressions, or used and not provided: {wrong}")


@cache
def condition(text: str) -> Compiled:
    reading = _Reading(text)
    return reading.compiled(reading.disjunction())


@cache
def update(text: str) -> Compiled:
    """Evaluates to the item as it is afterwards; operands are read from the item as it was."""
    reading = _Reading(text)
    return reading.compiled(reading.clauses())


@cache
def _reserved() -> frozenset[str]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html"""
    listed = Path(__file__).parents[1] / "data" / "dynamodb_reserved_words.txt"
    return frozenset(listed.read_text("utf-8").split())


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if token is None:
            raise invalid(f"Invalid expression: {text[at:]!r}")
        found.append(token[1])
        at = token.end()
    return found


class _Reading:
    """One pass over an expression's tokens, by descent; each rule answers what evaluates it."""

    def __init__(self, text: str) -> None:
        self._ahead = _tokens(text)[::-1]
        self._text = text
        self._used: set[str] = set()

    def compiled(self, evaluate: Evaluate) -> Compiled:
        if self._ahead:
            raise invalid(f"Invalid expression: {self._ahead[-1]!r} at the end of {self._text!r}")
        return Compiled(evaluate, frozenset(self._used))

    def disjunction(self) -> Evaluate:
        parts = [self._conjunction()]
        while self._next("OR"):
            parts.append(self._conjunction())
        return lambda item, terms: any(part(item, terms) for part in parts)

    def clauses(self) -> Evaluate:
        changes: list[Callable[[Item, Item, Terms], None]] = []
        rules = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}
        while self._ahead:
            rule = rules.get(self._take().upper())
            if rule is None:
                raise invalid(f"Invalid UpdateExpression: {self._text!r}")
            changes.append(rule())
            while self._next(","):
                changes.append(rule())

        def after(item: Item, terms: Terms) -> Item:
            changed = dict(item)
            for change in changes:
                change(item, changed, terms)
            return changed

        return after

    def _set(self) -> Callable[[Item, Item, Terms], None]:
        name = self._name()
        self._expect("=")
        value = self._sum()

        def change(item: Item, changed: Item, terms: Terms) -> None:
            changed[name(terms)] = value(item, terms)

        return change

    def _remove(self) -> Callable[[Item, Item, Terms], None]:
        name = self._name()
        return lambda _item, changed, terms: changed.pop(name(terms), None)

    def _add(self) -> Callable[[Item, Item, Terms], None]:
        name, given = self._name(), self._operand()

        def change(item: Item, changed: Item, terms: Terms) -> None:
            more = given(item, terms)
            before = item.get(name(terms), set() if isinstance(more, set) else 0)
            changed[name(terms)] = before | more if isinstance(more, set) else before + more

        return change

    def _delete(self) -> Callable[[Item, Item, Terms], None]:
        name, given = self._name(), self._operand()

        def change(item: Item, changed: Item, terms: Terms) -> None:
            if left := item.get(name(terms), set()) - given(item, terms):
                changed[name(terms)] = left
            else:
                changed.pop(name(terms), None)

        return change

    def _conjunction(self) -> Evaluate:
        parts = [self._negation()]
        while self._next("AND"):
            parts.append(self._negation())
        return lambda item, terms: all(part(item, terms) for part in parts)

    def _negation(self) -> Evaluate:
        if self._next("NOT"):
            inner = self._negation()
            return lambda item, terms: not inner(item, terms)
        if self._next("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Evaluate:
        if self._ahead and self._ahead[-1] in _FUNCTIONS:
            function, operands = _FUNCTIONS[self._take()], self._operands()
            return lambda item, terms: function(*(each(item, terms) for each in operands))
        left = self._operand()
        sign = self._take().upper()
        if sign == "BETWEEN":
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, terms: (
                _compared(low(item, terms), "<=", left(item, terms))
                and _compared(left(item, terms), "<=", high(item, terms))
            )
        if sign == "IN":
            wanted = self._operands()
            return lambda item, terms: left(item, terms) in [w(item, terms) for w in wanted]
        if sign not in _COMPARE:
            raise invalid(f"Invalid expression: {sign!r} is not a comparison")
        right = self._operand()
        return lambda item, terms: _compared(left(item, terms), sign, right(item, terms))

    def _operands(self) -> list[Evaluate]:
        self._expect("(")
        found = [self._operand()]
        while self._next(","):
            found.append(self._operand())
        self._expect(")")
        return found

    def _sum(self) -> Evaluate:
        total = self._operand()
        while self._ahead and self._ahead[-1] in ("+", "-"):
            total = _added(total, self._take(), self._operand())
        return lambda item, terms: _present(total(item, terms))

    def _operand(self) -> Evaluate:
        token = self._ahead[-1] if self._ahead else ""
        if token.startswith(":"):
            self._used.add(self._take())
            return lambda _item, terms: terms.values[token]
        if token == "size":  # noqa: S105 — a function of DynamoDB
            self._take()
            [sized] = self._operands()
            return lambda item, terms: len(_present(sized(item, terms)))
        if token == "if_not_exists":  # noqa: S105 — a function of DynamoDB
            self._take()
            wanted, otherwise = self._operands()
            return lambda item, terms: (
                otherwise(item, terms) if (w := wanted(item, terms)) is _ABSENT else w
            )
        name = self._name()
        return lambda item, terms: item.get(name(terms), _ABSENT)

    def _name(self) -> Callable[[Terms], str]:
        token = self._take()
        if token.startswith("#"):
            self._used.add(token)
            return lambda terms: terms.names[token]
        if token.upper() in _reserved():
            raise invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return lambda _terms: token

    def _take(self) -> str:
        if not self._ahead:
            raise invalid(f"Invalid expression: {self._text!r} ends too soon")
        return self._ahead.pop()

    def _expect(self, wanted: str) -> None:
        if (token := self._take()).upper() != wanted:
            raise invalid(f"Invalid expression: {token!r} where {wanted!r} is expected")

    def _next(self, wanted: str) -> bool:
        """Whether `wanted` comes next; then it is taken."""
        found = bool(self._ahead) and self._ahead[-1].upper() == wanted
        if found:
            self._ahead.pop()
        return found


def _added(left: Evaluate, sign: str, right: Evaluate) -> Evaluate:
    add = operator.add if sign == "+" else operator.sub
    return lambda item, terms: add(_present(left(item, terms)), _present(right(item, terms)))


def _present(value: Any) -> Any:
    if value is _ABSENT:
        raise invalid("The provided expression refers to an attribute that does not exist")
    return value


def _compared(left: Any, sign: str, right: Any) -> bool:
    """What is absent, or of another type, compares with nothing; it only differs."""
    if _ABSENT in (left, right) or isinstance(left, str) is not isinstance(right, str):
        return sign == "<>"
    return _COMPARE[sign](left, right)


_FUNCTIONS: Mapping[str, Callable[..., bool]] = {
    "attribute_exists": lambda found: found is not _ABSENT,
    "attribute_not_exists": lambda found: found is _ABSENT,
    "begins_with": lambda text, start: isinstance(text, str) and text.startswith(start),
    "contains": lambda found, part: found is not _ABSENT and part in found,
}
