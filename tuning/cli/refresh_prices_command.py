"""`tuning prices refresh`: the table of prices, written anew from the AWS Price List."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from tuning.aws.clients import clients
from tuning.cli.aws_errors import AccountError, speaks_to_aws
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft, printable, say
from tuning.cli.prices_command import WORDS
from tuning.errors import OptionError
from tuning.models.price_list import SERVICE, Change, Refresh, refreshed, regions

# It answers in few Regions, for all. https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_REGION = "us-east-1"


@speaks_to_aws
def refresh(
    file: Annotated[
        Path | None, typer.Option(help="The table to read and write; default: the shipped one.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    shown: Annotated[Shown, typer.Option("--format", help="What to print.")] = "text",
) -> None:
    """Show how the AWS Price List differs from the table of prices, and write it on a yes."""
    path = file or Path(str(files("tuning.models").joinpath("prices.json")))
    table = _table(path)
    found = refreshed(table, _listed(table), today=datetime.now(UTC).date())
    if not found.changes:
        told = "; ".join(found.refused) or f"none of {len(found.missing)} usage types is listed"
        raise AccountError(f"the Price List tells no price that can be mapped: {told}")
    wanted = yes
    if shown == "text":
        _tell(found)
        wanted = yes or (sys.stdin.isatty() and typer.confirm(f"Write {path}?"))
    if wanted:
        with draft(path, force=True, inputs=[]) as writing:
            text = json.dumps(found.table, indent=1, ensure_ascii=False) + "\n"
            writing.file.write(text.encode())
            writing.keep()
    if shown == "json":
        print(json.dumps(_document(found, written=wanted), indent=1))  # noqa: T201 — output
    say(f"{path}: written" if wanted else "nothing was written; --yes writes it")
    raise SystemExit(Exit.DONE)


def _table(path: Path) -> Mapping[str, object]:
    try:
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: is no JSON: {error}") from None
    if "price_list" not in found:
        raise OptionError(f"{path}: is no table of prices; tuning prices --format json prints one")
    return found


def _listed(table: Mapping[str, object]) -> Iterator[str]:
    """Products as JSON texts, of every Region that a model is customized in."""
    pricing = clients(_REGION)("pricing")
    for region in regions(table):
        pages = pricing.get_paginator("get_products").paginate(
            ServiceCode=SERVICE,
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        )
        for page in pages:
            yield from page["PriceList"]


def _tell(found: Refresh) -> None:
    for change in found.changes:
        before, after = (_amounts(row) for row in (change.before or {}, change.after))
        differs = f"- {before}\n+ {after}" if before else f"+ {after}"
        typer.echo(_heading(change))
        typer.echo(f"= {after}" if change.same_price else differs)
        typer.echo(f"  {printable(change.after['source'])}")
    for why in found.refused:
        typer.echo(f"not taken: {printable(why)}")
    for usage in found.missing:
        typer.echo(f"not listed: {usage}")


def _heading(change: Change) -> str:
    return f"{WORDS[change.what]}, {change.model or 'every model'}"


def _amounts(row: Mapping[str, str]) -> str:
    usd = [f"{name} {value}" for name, value in row.items() if name.endswith("usd")]
    return f"{', '.join(usd)} ({row['date']})" if usd else ""


def _document(found: Refresh, *, written: bool) -> dict[str, object]:
    return {
        "written": written,
        "changes": [change.to_dict() for change in found.changes],
        "refused": list(found.refused),
        "missing": list(found.missing),
    }
