"""`tuning prices`: what prices are known, from when, and from where."""

import json
import sys

from rich.console import Console
from rich.table import Table

from tuning.cli.deployed_options import FormatOption
from tuning.cli.exits import Exit
from tuning.models.prices import (
    PROVISIONED,
    SERVING,
    STORAGE_PRICE,
    TRAINING_PRICE,
    Price,
    every_price,
)
from tuning.models.prices import prices as table_of_prices

WORDS = {
    TRAINING_PRICE: "training, 1,000 tokens",
    SERVING: "serving on demand, 1,000 tokens",
    PROVISIONED: "serving provisioned, an hour",
    STORAGE_PRICE: "keeping a model, a month",
}

_WIDE = 200


def prices_command(
    shown: FormatOption = "text",
) -> None:
    """Show the prices that estimates are made of, each with its date and source."""
    if shown == "json":
        print(json.dumps(table_of_prices(), indent=1))  # noqa: T201 — output
        raise SystemExit(Exit.DONE)
    width = None if sys.stdout.isatty() else _WIDE  # in a pipe a price is one line
    out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True, width=width)
    sources = list(dict.fromkeys(price.source for price in every_price(table_of_prices())))
    out.print(_table(sources))
    out.print()
    for number, source in enumerate(sources, 1):
        out.print(f"[{number}] {source}")
    raise SystemExit(Exit.DONE)


def _table(sources: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "model", "USD", "seen", "source"):
        table.add_column(heading, overflow="fold")
    for price in every_price(table_of_prices()):
        model, source = price.model or "every model", f"[{sources.index(price.source) + 1}]"
        table.add_row(WORDS[price.what], model, amounts(price), price.date, source)
    return table


def amounts(price: Price) -> str:
    """`0.001`, or `0.000035 in, 0.00014 out`."""
    return ", ".join(
        f"{usd}{name.removesuffix('usd').replace('input_', ' in').replace('output_', ' out')}"
        for name, usd in price.amounts.items()
    )
