"""`tuning prices`: what prices are known, from when, and from where."""

import sys

from rich.console import Console
from rich.table import Table

from tuning.cli.deployed_options import FormatOption
from tuning.cli.output import print_json
from tuning.models.prices import (
    ALARM_PRICE,
    AWAKE_UNIT,
    EMBEDDING,
    ENDPOINT_PRICE,
    JUDGING,
    KEY_PRICE,
    PROVISIONED,
    RERANKING,
    SERVING,
    STORAGE_PRICE,
    TRAINING_PRICE,
    UNIT_STORAGE,
    VECTOR_QUERIES,
    VECTOR_SCAN,
    VECTOR_STORAGE,
    VECTOR_UPLOAD,
    Price,
    every_price,
)
from tuning.models.prices import prices as table_of_prices

WORDS = {
    TRAINING_PRICE: "training, 1,000 tokens",
    SERVING: "serving on demand, 1,000 tokens",
    PROVISIONED: "serving provisioned, an hour",
    STORAGE_PRICE: "keeping a model, a month",
    UNIT_STORAGE: "keeping an imported model, a unit and month",
    AWAKE_UNIT: "an imported model awake, a unit and minute",
    EMBEDDING: "vectors of texts, 1,000 tokens",
    JUDGING: "a guardrail, 1,000 text units",
    RERANKING: "reranking, 1,000 queries",
    VECTOR_SCAN: "vectors looked through, a TB",
    VECTOR_STORAGE: "keeping vectors, a GB and month",
    VECTOR_UPLOAD: "uploading vectors, a GB",
    VECTOR_QUERIES: "questions to vectors, a million",
    ENDPOINT_PRICE: "an interface endpoint, a zone and hour",
    KEY_PRICE: "a key, a month",
    ALARM_PRICE: "an alarm, a month",
}

_WIDE = 200


def prices_command(
    shown: FormatOption = "text",
) -> None:
    """Show the prices that estimates are made of, each with its date and source."""
    if shown == "json":
        print_json(table_of_prices())
        return
    width = None if sys.stdout.isatty() else _WIDE  # in a pipe a price is one line
    out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True, width=width)
    sources = list(dict.fromkeys(price.source for price in every_price(table_of_prices())))
    out.print(_table(sources))
    out.print()
    for number, source in enumerate(sources, 1):
        out.print(f"[{number}] {source}")


def _table(sources: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "model", "USD", "seen", "source"):
        table.add_column(heading, overflow="fold")
    for price in every_price(table_of_prices()):
        every = "every model" if price.what in (STORAGE_PRICE, UNIT_STORAGE) else ""
        source = f"[{sources.index(price.source) + 1}]"
        table.add_row(WORDS[price.what], price.model or every, amounts(price), price.date, source)
    return table


def amounts(price: Price) -> str:
    """`0.001`, or `0.000035 in, 0.00014 out`."""
    return ", ".join(
        f"{usd}{name.removesuffix('usd').replace('input_', ' in').replace('output_', ' out')}"
        for name, usd in price.amounts.items()
    )
