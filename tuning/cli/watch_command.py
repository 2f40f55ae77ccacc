"""`tuning watch`: a run, or all that are open, as they move; until they have ended."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuning.cli.account import Account, Row
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import Environment, Region
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, printable, say
from tuning.runs.budget import month_of
from tuning.runs.job_queue import moment
from tuning.runs.progress_bar import ALL, ended, steps, words, worst
from tuning.runs.run_states import State

_LEFT: Mapping[State | None, Exit] = {
    None: Exit.DONE,
    "trained": Exit.DONE,
    "refused": Exit.REFUSED,
    "stopped": Exit.REFUSED,
    "failed": Exit.FAULT,
}
_INTERRUPTED = 130
_COLOURS = {"trained": "green", "refused": "yellow", "stopped": "yellow", "failed": "red"}
_LONGEST = timedelta(days=22)
"""No execution is older than 21 days, see docs/operations.md."""


@speaks_to_aws
def watch(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id or its beginning; else all.")
    ] = None,
    environment: Environment = "dev",
    region: Region = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 5,
    shown: Annotated[
        Shown, typer.Option("--format", help="text, or json: a document for each change.")
    ] = "text",
) -> None:
    """Follow a run, or all open ones, to the end. Exit 0: trained; 1: refused or stopped; 3: failed."""
    account = Account.of(environment, region)
    only = account.row(run)["pk"] if run else None
    try:
        rows = _live(account, only, every) if _draws(shown) else _lines(account, only, every, shown)
    except KeyboardInterrupt:
        say("no longer watched; the runs go on")
        raise SystemExit(_INTERRUPTED) from None
    if not rows:
        say("no run is open")
    for row in rows.values():
        if _draws(shown):
            say(_line(row, None))
        if (summary := _summary(row)) and shown == "text":
            say(f"{row['pk'][:12]}: {summary}")
    raise SystemExit(_LEFT[worst([row["state"] for row in rows.values()])])


def _summary(row: Row) -> str | None:
    try:
        outcome = json.loads(row.get("outcome", "{}"))
    except ValueError:
        return "its outcome cannot be read"
    return outcome.get("summary") if isinstance(outcome, dict) else None


def _draws(shown: Shown) -> bool:
    return shown == "text" and sys.stdout.isatty()


def _looks(
    account: Account, only: str | None, every: float
) -> Iterator[tuple[dict[str, Row], dict[str, int]]]:
    """The rows of the watched runs and the queue, again and again, until all have ended."""
    watched: dict[str, Row] = {}
    while True:
        found = [account.row(only)] if only else _recent(account)
        for row in found:
            if only or row["pk"] in watched or not ended(row):
                watched[row["pk"]] = row
        yield watched, account.queue_positions()
        if all(map(ended, watched.values())):
            return
        time.sleep(every)


def _recent(account: Account) -> list[Row]:
    now = datetime.now(UTC)
    months = dict.fromkeys(month_of(at) for at in (now - _LONGEST, now))
    return [row for month in months for row in account.rows(month)]


def _lines(account: Account, only: str | None, every: float, shown: Shown) -> dict[str, Row]:
    """A line for each change. Returns the last rows."""
    told: dict[str, str] = {}
    rows: dict[str, Row] = {}
    for rows, positions in _looks(account, only, every):
        for run, row in rows.items():
            standing = words(row, positions.get(run))
            if told.get(run) != standing:
                told[run] = standing
                text = (
                    json.dumps(_document(row, positions))
                    if shown == "json"
                    else _line(row, positions)
                )
                print(text, flush=True)  # noqa: T201 — what the user asked for
    return rows


def _line(row: Row, positions: Mapping[str, int] | None) -> str:
    position = (positions or {}).get(row["pk"])
    told = (
        moment(datetime.now(UTC)),
        row["pk"][:12],
        row.get("recipe", "unknown"),
        words(row, position),
    )
    return printable("  ".join(told))


def _document(row: Row, positions: Mapping[str, int]) -> dict[str, Any]:
    position = positions.get(row["pk"])
    return {
        "at": moment(datetime.now(UTC)),
        "run": row["pk"],
        "recipe": row.get("recipe"),
        "state": row.get("state"),
        "standing": words(row, position),
        "queue_position": position,
        "steps_done": steps(row),
        "steps": ALL,
    }


def _live(account: Account, only: str | None, every: float) -> dict[str, Row]:
    """Bars that move. Returns the last rows."""
    rows: dict[str, Row] = {}
    with Live(console=Console(markup=False, emoji=False), transient=True) as live:
        for rows, positions in _looks(account, only, every):
            live.update(_bars(rows, positions), refresh=True)
    return rows


def _bars(rows: Mapping[str, Row], positions: Mapping[str, int]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for run, row in rows.items():
        colour = _COLOURS.get(row.get("state", ""), "")
        standing = Text(printable(words(row, positions.get(run))), style=colour)
        bar = ProgressBar(total=ALL, completed=steps(row), width=24, finished_style=colour)
        table.add_row(Text(run[:12]), Text(printable(row.get("recipe", "unknown"))), bar, standing)
    return table
