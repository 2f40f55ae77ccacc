"""What the demo shows: one line a step, a table of findings, a run as it moves."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tuning.runs.progress_bar import ALL, steps, words
from tuning.runs.run_record import RunRecord

_SHOWN = 8
_POLL_SECONDS = 0.2
PATIENCE_SECONDS = 120

console = Console()

_MARKS = {"trained": "[green]✓[/]", "refused": "[yellow]✗[/]"}


class StillRunningError(Exception):
    """A run did not end in time."""


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """A line with a spinner, then with the time it took. Yields what shows the latest detail."""
    began = time.monotonic()
    spinner = Spinner("dots", Text(title))
    with Live(spinner, console=console, refresh_per_second=8, transient=True):

        def say(detail: str) -> None:
            spinner.update(text=Text.assemble(title, "  ", (detail.strip()[:70], "dim")))

        yield say
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.0f} s[/]")


def show_run(read: Callable[[], RunRecord | None], title: str) -> RunRecord:
    """Show a run until it has ended. Returns its last record."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    run = None
    with Live(_moving(run, title), console=console, refresh_per_second=8, transient=True) as live:
        while time.monotonic() < deadline:
            run = read()
            live.update(_moving(run, title))
            if run and run.ended_at:
                break
            time.sleep(_POLL_SECONDS)
        else:
            raise StillRunningError(f"{title}: not ended after {PATIENCE_SECONDS} s: {run}")
    mark = _MARKS.get(run.state, "[red]![/]")
    console.print(f"{mark} {title}: [bold]{run.state}[/]")
    console.print(Text(f"  {run.summary}"))
    return run


def _moving(run: RunRecord | None, title: str) -> RenderableType:
    state, done = (words(run), steps(run)) if run else ("waiting for the event", 0)
    bar = Table.grid(padding=(0, 1))
    bar.add_row(Spinner("dots"), title, ProgressBar(total=ALL, completed=done, width=30), state)
    return bar


def findings(report: Any) -> None:
    """The first findings of a refused dataset: where, what, and how to fix it."""
    table = Table(title=None, box=None, pad_edge=False, header_style="dim")
    table.add_column("line", justify="right", style="cyan")
    table.add_column("rule", style="yellow")
    table.add_column("what is wrong, and how to fix it")
    errors = [f for f in report["findings"] if f["severity"] == "error"]
    for finding in errors[:_SHOWN]:
        text = Text.assemble(finding["message"], "\n", (finding["fix"], "dim"))
        table.add_row(str(finding["line"] or ""), finding["rule"], text)
    rest = len(errors) - _SHOWN
    more = Text(f"… and {rest} more in the report", style="dim") if rest > 0 else Text("")
    console.print(Panel(Group(table, more), title="refused before anything was spent", expand=True))


def print_facts(rows: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    console.print(table)
