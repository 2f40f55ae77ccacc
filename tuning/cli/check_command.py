"""`tuning check`: the verdict on a dataset, before money is spent. Its options; `checking` does it."""

from pathlib import Path
from typing import Annotated

import typer

from tuning.cli import completions
from tuning.cli.checking import REPORT_FORMATS, checking
from tuning.cli.deployed_options import (
    EvaluationOption,
    MethodOption,
    ModelOption,
    RecipesOf,
    ValidationOption,
    recipe_option,
)


def check_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="The training file.")],
    *,
    model: ModelOption = None,
    method: MethodOption = None,
    validation: ValidationOption = None,
    evaluation: EvaluationOption = None,
    recipe: Annotated[
        Path | None,
        recipe_option("A recipe's file or name; it sets the model and the strict rules."),
    ] = None,
    environment: RecipesOf = None,
    output: Annotated[
        str, typer.Option("--format", help=f"One of {', '.join(REPORT_FORMATS)}.")
    ] = "text",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 uses every core.")] = 0,
    max_findings: Annotated[
        int, typer.Option(min=0, help="How many are listed for each rule.")
    ] = 20,
    strict: Annotated[
        list[str] | None,
        typer.Option(
            help="Let this warning refuse the dataset.", autocompletion=completions.complete_rules
        ),
    ] = None,
    max_unpacked_mb: Annotated[
        int, typer.Option(min=1, help="What an archive may unpack to, in MB.")
    ] = 2048,
) -> None:
    """Check a dataset: every fault with its line and how to fix it. Exit 0 accepted, 1 refused."""
    checking(
        path,
        model=model,
        method=method,
        validation=validation,
        evaluation=evaluation,
        recipe=recipe,
        environment=environment,
        output=output,
        jobs=jobs,
        max_findings=max_findings,
        strict=strict,
        max_unpacked_mb=max_unpacked_mb,
    )
