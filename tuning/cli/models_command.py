"""`tuning models`: which models can be customized, with which data, within which limits."""

from typing import Annotated, Any

import typer
from msgspec import to_builtins
from rich.console import Console

from tuning.cli.output import print_json
from tuning.models.catalog import Method, catalog


def models_command(
    output: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the models of the catalog, what data each takes, and within which limits."""
    match output:
        case "json":
            print_json(_document(), ensure_ascii=False)
        case "text":
            _list()
        case _:
            raise typer.BadParameter(f"{output!r}: text or json")


def _document() -> dict[str, Any]:
    whole = catalog()
    return {"as_of": whole.as_of, "models": [to_builtins(m) for m in whole.models.values()]}


def _list() -> None:
    console = Console()
    for model in catalog().models.values():
        gone = "" if model.status == "ACTIVE" else f"  {model.status} {model.eol_date}"
        console.print(
            f"[bold]{model.id}[/]  {', '.join(model.regions)}[red]{gone}[/]", soft_wrap=True
        )
        for name, method in model.methods.items():
            console.print(f"  {name}: {_takes(method)}", soft_wrap=True, highlight=False)
    console.print(f"\nAs of {catalog().as_of}. {catalog().sources['fine_tuning']}", style="dim")


def _takes(method: Method) -> str:
    kinds = " + ".join((method.format, *method.media, *method.features))
    tokens = method.max_tokens_per_record
    limit = f", {tokens:,} tokens each" if tokens else ""
    return f"{kinds}, {method.min_records:,} to {method.max_records:,} records{limit}"
