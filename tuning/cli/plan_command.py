"""`tuning plan`: what a training would cost, before anything is uploaded."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tuning.cli.chosen_recipe import method_of, wanted
from tuning.cli.deployed_options import (
    EvaluationOption,
    FormatOption,
    MethodOption,
    ModelOption,
    RecipesOf,
    ValidationOption,
    recipe_option,
)
from tuning.cli.exits import Exit
from tuning.cli.output import print_json
from tuning.datasets.files import check_files
from tuning.datasets.tally import Policy
from tuning.errors import OptionError
from tuning.models.plan import Plan
from tuning.models.plan import plan as planned
from tuning.reports.advice import dollars
from tuning.reports.scale import count
from tuning.reports.visible_text import printable
from tuning.runs.budget import month_of


def plan_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="The training file.")],
    *,
    model: ModelOption = None,
    method: MethodOption = None,
    validation: ValidationOption = None,
    evaluation: EvaluationOption = None,
    recipe: Annotated[
        Path | None,
        recipe_option("A recipe's file or name; its limits are compared with the price."),
    ] = None,
    environment: RecipesOf = None,
    epochs: Annotated[
        list[int] | None, typer.Option(help="Compare; may be given several times.")
    ] = None,
    monthly_budget: Annotated[
        str | None, typer.Option(metavar="USD", help="The environment's, as in app.py.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 uses every core.")] = 0,
    shown: FormatOption = "text",
) -> None:
    """Say what a training job would cost, and which limits it would reach. Exit 1: it would be refused."""
    asked, monthly = wanted(model, method, recipe, environment), _budget(monthly_budget)
    strict = Policy(listed=0, strict=frozenset(asked.strict))
    report = check_files(
        path,
        validation,
        method=method_of(asked),
        policy=strict,
        jobs=jobs,
        evaluation=evaluation,
        fewest=asked.release.min_prompts if asked.release else None,
    )
    month = month_of(datetime.now(UTC))
    made = planned(report, asked, epochs=epochs or (), monthly=monthly, month=month)
    if shown == "json":
        print_json({"path": str(path), **made.to_dict()}, indent=2)
    else:
        _print(made, str(path))
    raise SystemExit(Exit.DONE if made.verdict == "accepted" else Exit.REFUSED)


def _budget(text: str | None) -> Decimal | None:
    try:
        usd = None if text is None else Decimal(text)
    except InvalidOperation:
        usd = Decimal("NaN")
    if usd is not None and not (usd.is_finite() and usd >= 0):
        raise OptionError(f"--monthly-budget {text}: must be US dollars, 0 or more")
    return usd


def _print(made: Plan, path: str) -> None:
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    recipe = made.recipe
    by = f", recipe {recipe.name}" if recipe.name else ""
    out.print(
        f"{printable(Path(path).name)}: {recipe.method} of {recipe.base_model}{by}", style="bold"
    )
    out.print(f"{count(made.records, 'record')}, {made.verdict}; {_tokens(made)}")
    if made.verdict == "refused":
        check = f"tuning check {quote(path)} --model {recipe.base_model}"
        out.print("Nothing would be trained. This says what is wrong:", style="red")
        out.print(f"  {check}")
    out.print()
    out.print(_options(made))
    price = made.options[0].estimate
    out.print()
    if asked := price.evaluation:
        figures = f"{dollars(asked.usd)} expected, {dollars(asked.most_usd)} at most"
        out.print(
            f"To evaluate the model, {count(asked.prompts, 'prompt')}: "
            f"{'Not known' if asked.usd is None else figures}"
        )
    for what, figure in (
        ("To keep the model, per month", dollars(price.storage_usd_per_month)),
        ("To serve it on demand", price.serving.on_demand_costs),
        ("To serve it provisioned", price.serving.provisioned_costs),
    ):
        out.print(f"{what}: {figure}")
    if made.throughput:
        out.print(f"To release it, by the hour: {made.throughput.words}")
    _list(out, "Limits that it reaches", _limits(made), otherwise="none that are known here")
    _list(out, "Not known", list(made.not_known))
    _list(out, "What the figures are based on", list(price.basis))


def _tokens(made: Plan) -> str:
    held_out = made.validation_tokens
    beside = (
        "" if held_out is None else f"; {held_out:,} of validation, not billed by AWS's formula"
    )
    return f"{made.tokens:,} tokens an epoch, estimated{beside}"


def _options(made: Plan) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Epochs", "at least", "expected", "at most"):
        table.add_column(heading, justify="right")
    for option in made.options:
        price = option.estimate
        often = "the service's choice" if price.epochs is None else str(price.epochs)
        usd = (price.low_usd, price.training_usd, price.high_usd)
        table.add_row(often, *map(dollars, usd))
    return table


def _limits(made: Plan) -> list[str]:
    several = len(made.options) > 1
    return [
        f"{option.estimate.epochs} epochs: {why}" if several else why
        for option in made.options
        for why in option.limits
    ]


def _list(out: Console, heading: str, lines: list[str], *, otherwise: str = "") -> None:
    out.print()
    out.print(heading, style="bold")
    for line in lines or [otherwise]:
        out.print(f"  {line}")
