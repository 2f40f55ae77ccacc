"""`tuning stats`: lengths, turns, duplicates and scripts of a dataset, as a table and a picture."""

from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tuning.cli.conversion_output import print_advice, refused
from tuning.cli.deployed_options import FormatOption
from tuning.cli.exits import Exit
from tuning.cli.output import draft, print_json, say
from tuning.cli.reading_options import (
    MAX_UNPACKED,
    MaxUnpacked,
    ReadingOptions,
    reads_a_dataset,
    unpacking,
)
from tuning.datasets.convert.command import Command
from tuning.datasets.convert.tried_commands import Advice, read_first
from tuning.datasets.stats import Lengths, Stats, measure
from tuning.errors import OptionError
from tuning.reports.length_plot import PictureFormat, draw
from tuning.reports.scale import count
from tuning.reports.visible_text import printable

_OWN = frozenset(
    {"--from", "--map", "--drop", "--keep", "--encoding", "--columns", "--records", "--sheet"}
)


@reads_a_dataset
def stats_command(
    path: Annotated[Path, typer.Argument(help="A dataset in any dialect that convert reads.")],
    *,
    reading: ReadingOptions,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    picture: Annotated[
        Path | None, typer.Option(help="Draw a picture to this .svg or .png.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the picture.")] = False,
    shown: FormatOption = "text",
) -> None:
    """Describe a dataset: lengths, turns, duplicates, scripts."""
    form = _form(picture) if picture else None
    command = Command(path=str(path), options=reading.options, program="tuning stats")
    with unpacking(max_unpacked_mb) as limit, path.open("rb") as stream:
        read = command.conversion(stream, name=str(path), limit=limit)
        found = measure(record for _, record in read.records())
    if read.summary.counts:
        refused(read.summary)
        print_advice(_advice(path, command))
        raise SystemExit(Exit.REFUSED)
    if picture and form:
        with draft(picture, force=force, inputs=[path]) as making:
            draw(found, path.name, form, making.file)
            making.keep()
    if shown == "json":
        print_json(found.to_dict(), indent=2)
    else:
        _table(found, path.name)
    if picture:
        say(f"drawn to {picture}")


def _advice(path: Path, command: Command) -> Advice:
    to = ("--to", "converse")
    return read_first(command, lambda: path.open("rb"), name=str(path), own=_OWN, to=to)


def _form(picture: Path) -> PictureFormat:
    for form in get_args(PictureFormat):
        if picture.suffix.lower() == f".{form}":
            return "svg" if form == "svg" else "png"
    raise OptionError(f"--picture {picture}: name it .svg or .png")


def _table(stats: Stats, name: str) -> None:
    table = Table(
        title=Text(f"{printable(name)}: {count(stats.records, 'record')}"), title_justify="left"
    )
    table.add_column("")
    for heading in ("smallest", "median", "90 %", "99 %", "largest", "total"):
        table.add_column(heading, justify="right")
    for unit, parts in (("characters", stats.characters), ("est. tokens", stats.tokens)):
        for part, lengths in parts.items():
            table.add_row(f"{part}, {unit}", *_numbers(lengths))
        table.add_section()
    console = Console(highlight=False)
    console.print(table)
    console.print(f"prompts: {stats.different_prompts:,} different, {stats.repeated:,} repeated")
    for title, counts in (
        ("turns", {f"{turns} in": often for turns, often in stats.turns.items()}),
        ("records with", stats.contents),
        ("script", stats.scripts),
    ):
        if counts:
            listed = ", ".join(f"{what} {often:,}" for what, often in counts.items())
            console.print(f"{title}: {listed}")


def _numbers(lengths: Lengths) -> list[str]:
    shown = (
        lengths.smallest,
        lengths.median,
        lengths.p90,
        lengths.p99,
        lengths.largest,
        lengths.total,
    )
    return [f"{number:,}" for number in shown]
