"""`make review`: everything that a reviewer must see, in one folder; exit code 1 if a figure is not met."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from review.decide import EvaluatorError
from review.gather import gather
from review.history import NoHistoryError
from review.measures import Measure, measures
from review.review_folder import write_folder
from review.scanners import ScannerError
from review.synthesis import CHECKOUT
from tuning.errors import TuningError

_FOLDER = CHECKOUT / "build" / "review"


def _review(
    folder: Annotated[Path, typer.Option(help="Output folder; its content is replaced.")] = _FOLDER,
) -> None:
    """Look at everything that `app.py` deploys, and write down what was seen."""
    console = Console()
    began = time.monotonic()

    def report(what: str) -> None:
        console.print(f"[green]✓[/] {escape(what)} [dim]{time.monotonic() - began:.0f} s[/]")

    try:
        with TemporaryDirectory() as assembly, _aside(folder.with_suffix(".log")):
            evidence = gather(Path(assembly), report)
    except (EvaluatorError, NoHistoryError, ScannerError, TuningError) as error:
        Console(stderr=True).print(f"[red]no review:[/] {escape(str(error))}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    write_folder(evidence, folder)
    found = measures(evidence)
    _print(console, found)
    page = (folder / "index.html").as_uri()
    console.print(f"\n{time.monotonic() - began:.0f} s. The page: {page}", soft_wrap=True)
    if not all(measure.met for measure in found):
        sys.exit(1)


@contextmanager
def _aside(log: Path) -> Iterator[None]:
    """What CDK says while it is asked about weakened templates is not what a reader must see."""
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = os.dup(2)
    with log.open("wb") as stream:
        os.dup2(stream.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _print(console: Console, found: Sequence[Measure]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "", "target"):
        table.add_column(name)
    table.columns[1].justify = "right"
    for measure in found:
        mark = "[green]✓[/]" if measure.met else "[red]✗[/]"
        name = escape(measure.name)
        table.add_row(f"{mark} {name}", escape(measure.value), f"[dim]{escape(measure.target)}[/]")
    console.print()
    console.print(table)


if __name__ == "__main__":
    typer.run(_review)
