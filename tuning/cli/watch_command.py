"""`tuning watch`: a run, or all that are open, as they move; until they have ended."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuning.aws.ledger import Unreadable
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, printable, say
from tuning.cli.polling import polls
from tuning.runs.budget import month_of
from tuning.runs.job_queue import moment
from tuning.runs.progress_bar import ALL, steps, words, worst
from tuning.runs.run_record import RunRecord
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
    environment: EnvironmentOption = "dev",
    region: Region = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two polls.")] = 5,
    shown: Annotated[
        Shown, typer.Option("--format", help="text, or json: a document for each change.")
    ] = "text",
) -> None:
    """Follow a run, or all open ones, to the end. Exit 0: trained; 1: refused or stopped; 3: failed."""
    account = Account.of(environment, region)
    only = account.run(run).id if run else None
    try:
        runs = _live(account, only, every) if _draws(shown) else _lines(account, only, every, shown)
    except KeyboardInterrupt:
        say("no longer watched; the runs go on")
        raise SystemExit(_INTERRUPTED) from None
    if not runs:
        say("no run is open")
    for record in runs.values():
        if _draws(shown):
            say(_line(record, None))
        if record.summary and shown == "text":
            say(f"{record.id[:12]}: {record.summary}")
    raise SystemExit(_LEFT[worst([record.state for record in runs.values()])])


def _draws(shown: Shown) -> bool:
    return shown == "text" and sys.stdout.isatty()


def _polls(
    account: Account, only: str | None, every: float
) -> Iterator[tuple[dict[str, RunRecord], dict[str, int]]]:
    """The watched runs and the queue, again and again, until all have ended."""
    watched: dict[str, RunRecord] = {}
    for _ in polls(every):
        for record in [account.run(only)] if only else _recent(account):
            if only or record.id in watched or not record.ended:
                watched[record.id] = record
        yield watched, account.queue.positions()
        if all(record.ended for record in watched.values()):
            return


def _recent(account: Account) -> list[RunRecord]:
    """Those that cannot be read are for `tuning runs` to show: nobody knows whether they end."""
    now = datetime.now(UTC)
    months = dict.fromkeys(month_of(at) for at in (now - _LONGEST, now))
    found = (run for month in months for run in account.ledger.runs(month))
    return [run for run in found if not isinstance(run, Unreadable)]


def _lines(account: Account, only: str | None, every: float, shown: Shown) -> dict[str, RunRecord]:
    """A line for each change. Returns the last records."""
    printed: dict[str, str] = {}
    runs: dict[str, RunRecord] = {}
    for runs, queue in _polls(account, only, every):
        for run_id, record in runs.items():
            status = words(record, queue.get(run_id))
            if printed.get(run_id) != status:
                printed[run_id] = status
                json_shown = shown == "json"
                text = json.dumps(_document(record, queue)) if json_shown else _line(record, queue)
                print(text, flush=True)  # noqa: T201 — what the user asked for
    return runs


def _line(record: RunRecord, queue: Mapping[str, int] | None) -> str:
    status = words(record, (queue or {}).get(record.id))
    printed = (moment(datetime.now(UTC)), record.id[:12], record.recipe, status)
    return printable("  ".join(printed))


def _document(record: RunRecord, queue: Mapping[str, int]) -> dict[str, Any]:
    position = queue.get(record.id)
    return {
        "at": moment(datetime.now(UTC)),
        "run": record.id,
        "recipe": record.recipe,
        "state": record.state,
        "status": words(record, position),
        "queue_position": position,
        "steps_done": steps(record),
        "steps": ALL,
    }


def _live(account: Account, only: str | None, every: float) -> dict[str, RunRecord]:
    """Bars that move. Returns the last records."""
    runs: dict[str, RunRecord] = {}
    with Live(console=Console(markup=False, emoji=False), transient=True) as live:
        for runs, queue in _polls(account, only, every):
            live.update(_bars(runs, queue), refresh=True)
    return runs


def _bars(runs: Mapping[str, RunRecord], queue: Mapping[str, int]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for run_id, record in runs.items():
        colour = _COLOURS.get(record.state, "")
        status = Text(printable(words(record, queue.get(run_id))), style=colour)
        bar = ProgressBar(total=ALL, completed=steps(record), width=24, finished_style=colour)
        table.add_row(Text(run_id[:12]), Text(printable(record.recipe)), bar, status)
    return table
