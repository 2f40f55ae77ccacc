"""`tuning models`: which models can be customized, with which data, within which limits."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tuning.catalog import Method, catalog
from tuning.cli.exits import Exit


def models(
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the models of the catalog, what data each takes, and within which limits."""
    match output:
        case "json":
            print(json.dumps(_document(), ensure_ascii=False, indent=1))  # noqa: T201 — output
        case "text":
            _list()
        case _:
            raise typer.BadParameter(f"{output!r}: text or json")
    raise SystemExit(Exit.DONE)


def _document() -> dict[str, Any]:
    whole = catalog()
    return {"as_of": whole.as_of, "models": [asdict(m) for m in whole.models.values()]}


def _list() -> None:
    listing = Table(
        "Model", "Region", "Method", "Data", "Records", "Tokens", box=None, header_style="bold"
    )
    for model in catalog().models.values():
        gone = f" [red]{model.status} {model.eol_date or model.legacy_date}[/]"
        name = model.id + ("" if model.status == "ACTIVE" else gone)
        for i, (method, limits) in enumerate(model.methods.items()):
            first = (name, ", ".join(model.regions)) if i == 0 else ("", "")
            listing.add_row(*first, method, _takes(limits), *_sizes(limits))
    console = Console()
    console.print(listing)
    console.print(f"\nAs of {catalog().as_of}. {catalog().sources['fine_tuning']}", style="dim")


def _takes(method: Method) -> str:
    return " + ".join((method.format, *method.media, *method.features))


def _sizes(method: Method) -> tuple[str, str]:
    tokens = method.max_tokens_per_record
    return f"{method.min_records:,}–{method.max_records:,}", f"{tokens:,}" if tokens else "–"
