"""`tuning rules`: what is checked, why, and what fixes it."""

from typing import Annotated

import typer
from msgspec import to_builtins
from rich.console import Console
from rich.table import Table

from tuning.cli import completions
from tuning.cli.output import print_json
from tuning.datasets.rules import known_rule, rules_markdown
from tuning.datasets.rules import rules as table

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def rules_command(
    rule: Annotated[
        str | None,
        typer.Argument(
            help="A rule's id, to read everything about it.",
            autocompletion=completions.complete_rules,
        ),
    ] = None,
    output: Annotated[str, typer.Option("--format", help="text, json or markdown.")] = "text",
) -> None:
    """List every rule, or explain one."""
    chosen = [table()[known_rule(rule)]] if rule else list(table().values())
    match output:
        case "json":
            print_json([to_builtins(r) for r in chosen], ensure_ascii=False)
        case "markdown":
            print(rules_markdown(), end="")  # noqa: T201 — output
        case "text":
            if rule:
                _explain(rule)
            else:
                _list()
        case _:
            raise typer.BadParameter(f"{output!r}: text, json or markdown")


def _list() -> None:
    listing = Table("Rule", "Severity", "Title", box=None, header_style="bold")
    for rule in table().values():
        colour = _COLOURS[rule.severity]
        listing.add_row(rule.id, f"[{colour}]{rule.severity}[/]", rule.title)
    console = Console()
    console.print(listing)
    console.print("\ntuning rules ID explains one.", style="dim")


def _explain(identifier: str) -> None:
    rule = table()[known_rule(identifier)]
    console = Console()
    console.print(f"[bold]{rule.id}[/] {rule.title} [{_COLOURS[rule.severity]}]{rule.severity}[/]")
    console.print(rule.why, markup=False)
    console.print(f"Fix: {rule.fix}", markup=False)
    console.print(rule.source, style="dim", markup=False, soft_wrap=True)
