"""`tuning runs`: the runs of a month, where each stands, and its place in the line."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from operate.account import Account, Row
from operate.faults import speaks_to_aws
from operate.options import Environment, Region
from tuning.cli.exits import Exit
from tuning.cli.output import printable

_SHOWN = ("state", "recipe", "upload", "arrived_at", "ended_at", "job_arn", "model_arn", "attempt")


@speaks_to_aws
def runs(
    environment: Environment = "dev",
    region: Region = None,
    month: Annotated[str | None, typer.Option(help="Such as 2026-11; else this one.")] = None,
    state: Annotated[str | None, typer.Option(help="Only runs in this state.")] = None,
    recipe: Annotated[str | None, typer.Option(help="Only runs of this recipe.")] = None,
    newest: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List runs, newest first, with their places in the line for a job."""
    if output not in ("text", "json"):
        raise typer.BadParameter(f"{output!r}: text or json")
    account = Account.of(environment, region)
    wanted = {name: value for name, value in (("state", state), ("recipe", recipe)) if value}
    rows = list(account.rows(month or f"{datetime.now(UTC):%Y-%m}"))[::-1]
    fits = [row for row in rows if wanted.items() <= row.items()][:newest]
    places = {run: place for place, run in enumerate(_line(account), 1)}
    documents = [_document(row, places) for row in fits]
    if output == "json":
        print(json.dumps({"runs": documents}, ensure_ascii=False, indent=1))  # noqa: T201 — output
    else:
        _list(documents)
    raise SystemExit(Exit.DONE)


def _line(account: Account) -> Iterator[str]:
    """Ids of the runs that wait for a job's place, in the order in which they may try."""
    pages = account.client("dynamodb").get_paginator("query")
    for page in pages.paginate(
        TableName=account.outputs["LedgerTable"],
        IndexName="Open",
        KeyConditionExpression="#open = :room",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":room": {"S": "room"}},
    ):
        yield from (item["pk"]["S"] for item in page["Items"])


def _document(row: Row, places: Mapping[str, int]) -> dict[str, Any]:
    facts = {name: row[name] for name in _SHOWN if name in row}
    return {"run": row["pk"], "place_in_line": places.get(row["pk"]), **facts}


def _list(documents: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("run", no_wrap=True)
    for name in ("state", "recipe", "arrived", "upload"):
        table.add_column(name, overflow="fold")
    for run in documents:
        place = f", place {run['place_in_line']} in line" if run["place_in_line"] else ""
        told = (f"{run['state']}{place}", run["recipe"], run["arrived_at"], run["upload"])
        table.add_row(run["run"], *map(printable, told))
    Console(markup=False, highlight=False, emoji=False).print(table)
