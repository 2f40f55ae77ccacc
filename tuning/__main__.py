"""`python -m tuning`: check, convert and understand datasets; follow runs."""

import typer

from tuning.cli import convert, split, stats
from tuning.cli.exits import refusals

app = typer.Typer(
    name="tuning",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Private fine-tuning on Amazon Bedrock: check data before money is spent, follow runs.",
)
app.command("convert")(convert.command)
app.command("split")(split.command)
app.command("stats")(stats.command)


def run() -> None:
    with refusals():
        app()


if __name__ == "__main__":
    run()
