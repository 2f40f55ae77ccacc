"""What is stored, or passed from one step to the next, has a type: one writer and one reader.

A deployment changes the functions of executions that are under way, and a rollback changes them back. So
changes add fields only: a reader passes over keys that it does not know, and fills in what is missing from
the field's default.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct

from tuning.errors import TuningError

_T = TypeVar("_T")


class RecordError(TuningError):
    """A record that cannot be read. The message names the record, the field, and what is wrong."""


class Record(Struct, frozen=True, kw_only=True):
    """The base of what crosses a boundary as JSON."""

    def to_json(self) -> dict[str, Any]:
        """An object for `json.dumps`. What is None is left out: JSONata's `$exists` is false of it."""
        return {
            name: json_value(value)
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Raises RecordError when a field is missing that has no default, or is of another type."""
        return converted(raw, cls, cls.__name__)

    @classmethod
    def kept(cls, raw: object) -> Self | None:
        """What a variable of the state machine holds; None of one that is empty still."""
        return cls.from_json(raw) if raw else None


def json_value(value: Any) -> Any:
    """As JSON has it: records are objects, sums of money are text."""
    match value:
        case Record():
            return value.to_json()
        case Mapping():
            return {name: json_value(each) for name, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
        case Decimal():
            return f"{value:f}"
        case str():  # of an enumeration, too
            return str(value)
    return value


def converted(raw: object, kind: type[_T], what: str) -> _T:
    """`raw` as an object of that type. Text is taken for a number where one is expected."""
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise RecordError(f"{what}: {error}") from None


def fields_of(kind: type[Struct], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `kind` that are in `raw`, for a class that is not a Record: its digest
    depends on the exact values, which are not to be converted.
    """
    return {name: raw[name] for name in kind.__struct_fields__ if name in raw}
