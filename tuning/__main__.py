"""`python -m tuning`: check, convert and understand datasets."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from tuning.cli.check_command import check
from tuning.cli.convert_command import convert
from tuning.cli.deployed_commands import COMMANDS
from tuning.cli.exits import refusals
from tuning.cli.merge_command import merge
from tuning.cli.models_command import models
from tuning.cli.plan_command import plan
from tuning.cli.prices_command import prices
from tuning.cli.rules_command import rules
from tuning.cli.split_command import split
from tuning.cli.stats_command import stats
from tuning.cli.version import print_version

app = typer.Typer(
    name="tuning",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True),
    ] = False,
) -> None:
    """Private fine-tuning on Amazon Bedrock: check, convert and understand datasets before money is spent."""
    del version  # its callback has printed it


_ALL: tuple[Callable[..., Any], ...] = (
    check,
    plan,
    convert,
    split,
    merge,
    stats,
    models,
    prices,
    rules,
    *COMMANDS,
)
for command in _ALL:
    app.command()(command)


def run() -> None:
    with refusals():
        app()


if __name__ == "__main__":
    run()
