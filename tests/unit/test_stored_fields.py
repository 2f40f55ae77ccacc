"""A field of any type that a record may have is read from the ledger as it was written."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest

from tuning.runs.json_record import Record
from tuning.runs.ledger_item import Stored


class Colour(StrEnum):
    RED = "red"


class Part(Record, frozen=True, kw_only=True):
    name: str


FIELDS = [
    (str, "red"),
    (str, "7"),
    (str | None, "null"),
    (int, 7),
    (int | None, 7),
    (bool, True),
    (Decimal, Decimal("1.90")),
    (Decimal | None, Decimal("1.90")),
    (Colour, Colour.RED),
    (Colour | None, Colour.RED),
    (Literal["red", "7"], "7"),
    (Literal["red", "7"] | None, "red"),
    (Part, Part(name="wheel")),
    (Part | None, Part(name="wheel")),
    (tuple[str, ...], ("red", "7")),
    (tuple[str, str], ("red", "7")),
    (Mapping[str, Any], {"red": 7}),
    (Mapping[str, str], {"red": "7"}),
    (Mapping[str, str] | None, {"red": "7"}),
]


@pytest.mark.parametrize(("kind", "value"), FIELDS, ids=str)
def test_a_field_of_any_type_comes_back_as_it_was_written(kind, value):
    class Row(Stored, frozen=True, kw_only=True):
        field: kind

    row = Row(id="1", field=value)
    assert Row.from_item(row.to_item()) == row
