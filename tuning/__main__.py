"""`python -m tuning`: check, convert and understand datasets."""

import typer

from tuning.cli.check import check
from tuning.cli.convert import convert
from tuning.cli.exits import refusals
from tuning.cli.models import models
from tuning.cli.rules import rules
from tuning.cli.split import split
from tuning.cli.stats import stats

app = typer.Typer(
    name="tuning",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Private fine-tuning on Amazon Bedrock: check, convert and understand datasets before money is spent.",
)
for command in (check, convert, split, stats, models, rules):
    app.command()(command)


def run() -> None:
    with refusals():
        app()


if __name__ == "__main__":
    run()
