"""An item of the ledger's table, written and read as a record.

An attribute is text; of a field that is not plain text, the text is JSON.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from tuning.runs import former_version
from tuning.runs.json_record import RecordError, converted, json_value

Item = Mapping[str, Mapping[str, Any]]
"""As DynamoDB takes and gives it: `{"state": {"S": "queued"}}`."""

SCHEMA = 1
"""Of what this version writes. Additive changes leave it as it is; a reader refuses what is newer."""

KEY = "pk"
"""The attribute that is the table's key; in a record it is called `id`."""


class Stored(Struct, frozen=True, kw_only=True):
    """The base of what is an item of the ledger's table."""

    id: str

    @classmethod
    def attribute(cls, field: str) -> str:
        """What a field is called in the table. Raises KeyError for a name that is not a field."""
        if field not in _plain_text(cls):
            raise KeyError(field)
        return KEY if field == "id" else field

    @classmethod
    def attributes(cls) -> frozenset[str]:
        return frozenset(cls.attribute(field) for field in cls.__struct_fields__)

    @classmethod
    def values(cls, **facts: Any) -> dict[str, dict[str, str]]:
        """The attribute values of some fields, by attribute; of those that are None there is none."""
        return {
            cls.attribute(name): _value(fact) for name, fact in facts.items() if fact is not None
        }

    def to_item(self) -> dict[str, dict[str, str]]:
        return self.values(**{name: getattr(self, name) for name in self.__struct_fields__})

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Raises RecordError, which names the item and the attribute."""
        what = f"{item.get(KEY, {}).get('S')} of the ledger"
        raw: dict[str, Any] = {}
        for name, is_text in _plain_text(cls).items():
            attribute = cls.attribute(name)
            held = item.get(attribute) or item.get(former_version.ATTRIBUTES.get(name, attribute))
            if held:
                text = next(iter(held.values()))
                found = text if is_text else _read(text, f"{what}: {name}")
                raw[name] = former_version.current(name, found)
        if int(raw.get("schema", 1)) > SCHEMA:
            raise RecordError(
                f"{what}: written by a newer version of this platform; deploy that one"
            )
        return converted(raw, cls, what)


def _is_text(hint: Any) -> bool:
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        return all(_is_text(each) for each in get_args(hint))
    return kind is Literal or issubclass(kind, (str, int, Decimal, type(None)))


def _texts(kind: type) -> Mapping[str, bool]:
    return {name: _is_text(hint) for name, hint in get_type_hints(kind).items()}


_plain_text: Callable[[type], Mapping[str, bool]] = cache(_texts)
"""The fields of a record by name, and whether their attributes are plain text: no JSON."""


def _value(fact: Any) -> dict[str, str]:
    match json_value(fact):
        case str() as text:
            return {"N" if isinstance(fact, Decimal) else "S": text}
        case bool() | None | list() | dict() as found:
            return {"S": json.dumps(found)}
        case number:
            return {"N": str(number)}


def _read(text: Any, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RecordError(f"{what}: not valid JSON: {error}") from None
