"""The table of prices: data, each with its date and its source, shipped with this version."""

import json
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

TRAINING_PRICE = "training_per_1000_tokens"
SERVING = "serving_per_1000_tokens"
PROVISIONED = "provisioned_per_hour"
STORAGE_PRICE = "model_storage_per_month"
UNIT_STORAGE = "import_storage_per_unit_and_month"
AWAKE_UNIT = "import_awake_per_unit_and_minute"
EMBEDDING = "embedding_per_1000_tokens"
JUDGING = "guardrail_per_1000_text_units"
RERANKING = "rerank_per_1000_queries"
VECTOR_STORAGE = "vector_storage_per_gb_and_month"
VECTOR_UPLOAD = "vector_upload_per_gb"
VECTOR_QUERIES = "vector_queries_per_million"
VECTOR_SCAN = "vector_scan_per_tb"
ENDPOINT_PRICE = "endpoint_per_zone_and_hour"
KEY_PRICE = "key_per_month"
ALARM_PRICE = "alarm_per_month"
_BY_NAME = (
    *(TRAINING_PRICE, SERVING, PROVISIONED, AWAKE_UNIT),
    *(EMBEDDING, JUDGING, RERANKING, VECTOR_SCAN),
)
_ALONE = (STORAGE_PRICE, UNIT_STORAGE, VECTOR_STORAGE, VECTOR_UPLOAD, VECTOR_QUERIES)
_IDLE = (ENDPOINT_PRICE, KEY_PRICE, ALARM_PRICE)
HOURS = 730
"""Of a month, as AWS's own calculator has it."""
_CENT = Decimal("0.01")


class Price(Struct, frozen=True, kw_only=True):
    """One row of the table, for people and for comparing."""

    what: str
    """Which of the table's parts it is in."""
    model: str | None
    """None: the same for every model. Of what imported models cost awake, the Region; of guardrails and vectors, the part."""
    amounts: Mapping[str, str]
    """US dollars by name: `usd`, or `input_usd` and `output_usd`."""
    date: str
    """When it was seen."""
    source: str


@cache
def prices() -> Mapping[str, Any]:
    """The table that ships with this version, as it is written."""
    text = Path(__file__).with_name("prices.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def storage_per_month() -> Decimal:
    """Of one custom model, in US dollars."""
    return Decimal(prices()[STORAGE_PRICE]["usd"])


def cents(usd: Decimal | None, factor: Decimal = Decimal(1)) -> Decimal | None:
    """Rounded up: what costs something never costs nothing, and no sum is smaller than its bill."""
    return None if usd is None else (usd * factor).quantize(_CENT, ROUND_CEILING)


def every_price(table: Mapping[str, Any]) -> Iterator[Price]:
    """Every price of a table, in its order."""
    for what in _BY_NAME:
        for model, row in table.get(what, {}).items():
            yield _price(what, model, row)
    for what in (*_ALONE, *_IDLE):
        if what in table:  # tables of former versions have not all
            yield _price(what, None, table[what])


def _price(what: str, model: str | None, row: Mapping[str, str]) -> Price:
    amounts = {name: value for name, value in row.items() if name.endswith("usd")}
    return Price(what=what, model=model, amounts=amounts, date=row["date"], source=row["source"])
