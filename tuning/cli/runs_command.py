"""`tuning runs`: the runs of a month, their states, and their positions in the queue."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from tuning.aws.ledger import Unreadable
from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, recipe_option
from tuning.cli.output import print_json, say
from tuning.cli.table_console import table_console
from tuning.errors import OptionError, nearest
from tuning.reports.visible_text import printable
from tuning.runs.budget import month_of
from tuning.runs.progress_bar import words
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import STATES

_SHOWN = ("state", "recipe", "upload", "arrived_at", "ended_at", "job_arn", "model_arn", "attempt")
_Listed = RunRecord | Unreadable
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@speaks_to_aws
def runs_command(
    environment: EnvironmentOption = "dev",
    region: Region = None,
    month: Annotated[str | None, typer.Option(help="Such as 2026-11; default: this month.")] = None,
    since: Annotated[
        str | None, typer.Option(help="A time, such as 2026-11-20, or an age: 3d, 12h, 30m.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(help="Only runs in this state.", autocompletion=completions.complete_states),
    ] = None,
    recipe: Annotated[str | None, recipe_option("Only runs of this recipe.")] = None,
    newest: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 20,
    shown: FormatOption = "text",
) -> None:
    """List runs, newest first, with their positions in the queue for a job slot."""
    if state is not None and state not in STATES:
        hint = nearest(state, STATES) or f"; one of {', '.join(STATES)}"
        raise OptionError(f"--state {state}: not a state of a run{hint}")
    months, begin = _when(month, since, datetime.now(UTC))
    account = Account.of(environment, region)
    found = [run for month in months for run in account.ledger.runs(month) if _after(run, begin)]
    fits = [run for run in reversed(found) if _fits(run, state=state, recipe=recipe)]
    positions = account.queue.positions()
    documents = [_document(run, positions) for run in fits[:newest]]
    if shown == "json":
        print_json({"runs": documents})
    else:
        _list(documents)
        _rest(found, fits, newest, months)


def _when(month: str | None, since: str | None, now: datetime) -> tuple[list[str], datetime | None]:
    """The months to look into, and the first moment that counts in them."""
    if since is None:
        month = month or month_of(now)
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise OptionError(f"--month {month}: must be a month such as {month_of(now)}")
        return [month], None
    if month is not None:
        raise OptionError("--month and --since: give only one")
    begin = _moment(since, now)
    return list(_months(begin, now)), begin


def _moment(since: str, now: datetime) -> datetime:
    if age := re.fullmatch(r"(\d{1,4})([dhm])", since):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise OptionError(
            f"--since {since}: must be a time such as {now:%Y-%m-%d}, or an age: 3d, 12h, 30m"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _months(begin: datetime, end: datetime) -> Iterator[str]:
    first, last = (12 * at.year + at.month - 1 for at in (begin.astimezone(UTC), end))
    yield from (f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1))


def _after(run: _Listed, begin: datetime | None) -> bool:
    """A run that cannot be read is shown rather than hidden."""
    if begin is None or isinstance(run, Unreadable):
        return True
    return datetime.fromisoformat(run.arrived_at) >= begin


def _fits(run: _Listed, **wanted: str | None) -> bool:
    return all(getattr(run, name, None) == value for name, value in wanted.items() if value)


def _document(run: _Listed, positions: Mapping[str, int]) -> dict[str, Any]:
    if isinstance(run, Unreadable):
        return {"run": run.id, "queue_position": None, "status": f"cannot be read: {run.why}"}
    position = positions.get(run.id)
    facts = {name: each for name in _SHOWN if (each := getattr(run, name)) is not None}
    return {"run": run.id, "queue_position": position, "status": words(run, position), **facts}


def _list(documents: list[dict[str, Any]]) -> None:
    if not documents:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("run", no_wrap=True)
    table.add_column("arrived", no_wrap=True)
    for name in ("state", "recipe", "upload"):
        table.add_column(name, overflow="fold")
    for run in documents:
        arrived = run.get("arrived_at", "")[:16].replace("T", " ")
        cells = (arrived, run["status"], run.get("recipe", ""), _folder(run.get("upload", "")))
        table.add_row(run["run"][:12], *map(printable, cells))
    table_console().print(table)


def _folder(uri: str) -> str:
    """Without the bucket, which is the same for all."""
    return uri.removeprefix("s3://").partition("/")[2] or uri


def _rest(found: list[_Listed], fits: list[_Listed], newest: int, months: list[str]) -> None:
    """What the list does not show, for people."""
    if not fits:
        of = f"none of the {len(found)} runs of" if len(found) > 1 else "no run of"
        say(f"{of} {months[0]}{f' to {months[-1]}' if len(months) > 1 else ''} matches")
    elif len(fits) > newest:
        say(f"{len(fits) - newest} older ones are not shown; --newest {len(fits)} shows them")
