"""`python -m tuning`: check, convert and understand datasets."""

from collections.abc import Callable
from typing import Any

import typer

from operate.commands import COMMANDS
from operate.refresh import refresh
from tuning.cli.check import check
from tuning.cli.convert import convert
from tuning.cli.exits import refusals
from tuning.cli.models import models
from tuning.cli.plan import plan
from tuning.cli.prices import app as prices
from tuning.cli.rules import rules
from tuning.cli.split import split
from tuning.cli.stats import stats

app = typer.Typer(
    name="tuning",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Private fine-tuning on Amazon Bedrock: check, convert and understand datasets before money is spent.",
)
_ALL: tuple[Callable[..., Any], ...] = (
    check,
    plan,
    convert,
    split,
    stats,
    models,
    rules,
    *COMMANDS,
)
for command in _ALL:
    app.command()(command)
prices.command()(refresh)
app.add_typer(prices, name="prices")


def run() -> None:
    with refusals():
        app()


if __name__ == "__main__":
    run()
