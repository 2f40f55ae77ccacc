"""`tuning watch`: a run, or all that are open, as they move; until they have ended."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, say
from tuning.cli.polling import polls
from tuning.cli.watched import Watched
from tuning.cli.why_command import key_of
from tuning.errors import OptionError
from tuning.reports.visible_text import printable
from tuning.runs.progress_bar import ALL, steps, words, worst_state
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import State
from tuning.runs.times import moment

_LEFT: Mapping[State | None, Exit] = {
    None: Exit.DONE,
    "trained": Exit.DONE,
    "refused": Exit.REFUSED,
    "stopped": Exit.REFUSED,
    "failed": Exit.FAULT,
}
_INTERRUPTED = 130
_COLOURS = {"trained": "green", "refused": "yellow", "stopped": "yellow", "failed": "red"}


@speaks_to_aws
def watch_command(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run's id or its beginning, or an upload's URI; default: all open runs.",
            autocompletion=completions.complete_runs,
        ),
    ] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two polls.")] = 5,
    shown: Annotated[
        Shown, typer.Option("--format", help="text, or json: a document for each change.")
    ] = "text",
) -> None:
    """Follow a run to its end, or all open ones. Exit 0: trained; 1: refused or stopped; 3: failed.

    Without RUN it also waits for the runs that recent uploads become.
    """
    account = Account.of(environment, region)
    follow(_watched(account, run), every, shown)


def begun(watched: Watched, every: float) -> str | None:
    """The id of the run that an awaited upload has become, once it has; None when it does not come."""
    for _ in polls(every):
        watched.poll()
        if not watched.awaited:
            break
    return next(iter(watched.only), None)


def follow(watched: Watched, every: float, shown: Shown) -> None:
    """Print how the runs move until they have ended, and exit as the worst of them."""
    try:
        runs = _live(watched, every) if _draws(shown) else _lines(watched, every, shown)
    except KeyboardInterrupt:
        say("no longer watched; the runs go on")
        raise SystemExit(_INTERRUPTED) from None
    for upload in watched.unanswered:
        say(f"{upload.uri}: no run of it was found; tuning why {upload.uri}")
    if not runs and not watched.unanswered:
        say("no run is open")
    for record in runs.values():
        if _draws(shown):
            say(_line(record, None))
        if record.summary and shown == "text":
            say(f"{record.id[:12]}: {record.summary}")
    if watched.unanswered:
        raise SystemExit(Exit.FAULT)
    raise SystemExit(_LEFT[worst_state([record.state for record in runs.values()])])


def _watched(account: Account, run: str | None) -> Watched:
    if run is None:
        return Watched.all_of(account)
    if not run.startswith("s3://"):
        return Watched(account=account, only={account.run(run).id}, every_run=False)
    upload, _ = account.objects.version(key_of(account, run), None)
    if upload is None:
        raise OptionError(f"{run}: there is no such object")
    return Watched(account=account, awaited=[upload], every_run=False)


def _draws(shown: Shown) -> bool:
    return shown == "text" and sys.stdout.isatty()


def _polls(watched: Watched, every: float) -> Iterator[tuple[dict[str, RunRecord], dict[str, int]]]:
    """The watched runs and the queue, again and again, until all have ended."""
    for _ in polls(every):
        watched.poll()
        yield watched.runs, watched.account.queue.positions()
        if watched.ended:
            return


def _lines(watched: Watched, every: float, shown: Shown) -> dict[str, RunRecord]:
    """A line for each change. Returns the last records."""
    printed: dict[str, str] = {}
    runs: dict[str, RunRecord] = {}
    for runs, queue in _polls(watched, every):
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


def _live(watched: Watched, every: float) -> dict[str, RunRecord]:
    """Bars that move. Returns the last records."""
    runs: dict[str, RunRecord] = {}
    with Live(console=Console(markup=False, emoji=False), transient=True) as live:
        for runs, queue in _polls(watched, every):
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
