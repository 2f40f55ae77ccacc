"""A JSON object being read: each of its fields is taken, dropped on request, or refused."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from tuning.datasets.convert.conversion_refusals import Option, RecordRefusedError
from tuning.datasets.convert.suggestions import SPOKEN, of_message, spelt, suggested

_Made = TypeVar("_Made")
_INDEX = re.compile(r"\[\d+\]")
_WORDS = {str: "text", dict: "an object", list: "a list", bool: "true or false"}


@dataclass(frozen=True)
class ConversionNotes:
    """What became of one record that is not plainly carried over. Nothing goes without a count."""

    drop: frozenset[str] = frozenset()
    """The fields that the user gave up, as paths without indices: `id`, `messages.name`."""
    dropped: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)


class Fields:
    """Takes the fields of one object by name. `close()` refuses those that nobody took."""

    def __init__(self, raw: object, path: str, account: ConversionNotes) -> None:
        self.path = path
        if not isinstance(raw, dict):
            refuse("CV202", f"must be an object, is {_kind(raw)}", "Write {…}.", path or None)
        self.account = account
        self._left: dict[str, Any] = dict(raw)
        self._raw = raw
        # Whole fields of a record go before they get other names, see tuning/datasets/convert/raw_records.py.
        if account.drop and path:
            self._give_up()

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def __contains__(self, name: str) -> bool:
        """Whether the field is there and says something; null says nothing."""
        return self._left.get(name) is not None

    def peek(self, name: str) -> Any:
        return self._left.get(name)

    def value(self, name: str) -> Any:
        """Take whatever is there. Refuses a missing field."""
        value = self._left.pop(name, None)
        if value is None:
            self._missing(name)
        return value

    def maybe(self, name: str) -> Any:
        """Take whatever is there, if anything is."""
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        """Take text that is not blank."""
        text: str = self._of(name, str)
        if not text.strip():
            refuse("CV205", "is blank", "Write text, or leave the record out.", self.at(name))
        return text

    def maybe_text(self, name: str) -> str | None:
        """Take text, or None where it is absent, null or empty."""
        text: str | None = self._of(name, str) if name in self else self._left.pop(name, None)
        return text if text and text.strip() else None

    def mapping(self, name: str) -> Mapping[str, Any]:
        inner: dict[str, Any] = self._of(name, dict)
        return inner

    def inner(self, name: str) -> "Fields":
        return Fields(self._of(name, dict), self.at(name), self.account)

    def items(self, name: str) -> list[Any]:
        listed: list[Any] = self._of(name, list)
        return listed

    def each(self, name: str) -> Iterator["Fields"]:
        """Take a list of objects."""
        for index, raw in enumerate(self._of(name, list)):
            yield Fields(raw, f"{self.at(name)}[{index}]", self.account)

    def made(self, made_of: Callable[["Fields"], _Made]) -> _Made:
        """What `made_of` reads in the object. Refuses what it leaves."""
        made = made_of(self)
        self.close()
        return made

    def made_inside(self, name: str, made_of: Callable[["Fields"], _Made]) -> _Made:
        """Take an object, as `made_of` reads it."""
        return self.inner(name).made(made_of)

    def made_of_each(self, name: str, made_of: Callable[["Fields"], _Made]) -> tuple[_Made, ...]:
        """Take a list of objects, as `made_of` reads them."""
        return tuple(each.made(made_of) for each in self.each(name))

    def made_of_any(self, name: str, made_of: Callable[["Fields"], _Made]) -> tuple[_Made, ...]:
        """The same; nothing where there is no list."""
        return self.made_of_each(name, made_of) if name in self else ()

    def rest(self) -> dict[str, Any]:
        """Take all that is left and says something."""
        left = {k: v for k, v in self._left.items() if v is not None}
        self._left.clear()
        return left

    def close(self) -> None:
        """Refuse what nobody took: it would be lost."""
        if left := [self.at(name) for name, value in self.rest().items() if value != []]:
            lost(left)

    def changed(self, what: str) -> None:
        self.account.changed[what] += 1

    def _missing(self, name: str) -> NoReturn:
        if self.null(name):
            refuse(
                "CV201",
                f"{name!r} is null",
                "Write a value, or leave the record out.",
                self.at(name),
            )
        near = ", ".join(map(repr, self._left)) or "none"
        if self.path:
            options = of_message(self.path.partition("[")[0], self._raw)
        else:
            options = suggested(self._left, name) if name in SPOKEN else ()
        fix = f"Say which field it is: {spelt(options)}." if options else _MISSING
        refuse("CV201", f"{name!r} is missing; fields here: {near}", fix, self.at(name), options)

    def null(self, name: str) -> bool:
        """Whether the field is there and says nothing."""
        return name in self._raw and self._raw[name] is None

    def _give_up(self) -> None:
        for key in list(self._left):
            if (plain := _INDEX.sub("", self.at(key))) in self.account.drop:
                self.account.dropped[plain] += 1
                del self._left[key]

    def _of(self, name: str, kind: type) -> Any:
        value = self.value(name)
        if not isinstance(value, kind):
            message = f"must be {_WORDS[kind]}, is {_kind(value)}"
            refuse("CV202", message, f"Make it {_WORDS[kind]}.", self.at(name))
        return value


_MISSING = "Add it, or say which field holds it with --map NAME=FIELD."


def refuse(
    rule: str, message: str, fix: str, at: str | None = None, options: tuple[Option, ...] = ()
) -> NoReturn:
    raise RecordRefusedError(rule=rule, message=message, fix=fix, field=at, options=options)


def lost(paths: list[str]) -> NoReturn:
    """Refuse fields that have no place in the target."""
    names = ", ".join(paths)
    options = tuple(dict.fromkeys(("--drop", _INDEX.sub("", path)) for path in paths))
    refuse(
        "CV203",
        f"no place in the target for {names}; it would be lost",
        f"Remove it, or give it up with {spelt(options)}.",
        paths[0],
        options,
    )


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return _WORDS.get(type(value), "a number")
