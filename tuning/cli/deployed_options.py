"""Options and arguments that the commands of this room share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tuning.cli import completions
from tuning.cli.output import Shown


def recipe_option(words: str) -> Any:
    return typer.Option(help=words, autocompletion=completions.complete_recipes)


def model_option(words: str) -> Any:
    return typer.Option("--model", help=words, autocompletion=completions.complete_models)


EnvironmentOption = Annotated[
    str,
    typer.Option(
        "--environment", "-e", envvar="TUNING_ENVIRONMENT", help="As app.py names it, such as dev."
    ),
]
ModelOption = Annotated[str | None, model_option("Base model id; see tuning models.")]
MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="Such as FINE_TUNING, DISTILLATION.",
        autocompletion=completions.complete_methods,
    ),
]
ValidationOption = Annotated[Path | None, typer.Option("--validation", help="The validation file.")]
EvaluationOption = Annotated[
    Path | None,
    typer.Option(
        "--evaluation", help="The evaluation set: none of its prompts may be in the other files."
    ),
]
RecipesOf = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        envvar="TUNING_ENVIRONMENT",
        help="Deployed environment that has --recipe, if no folder recipes here or above has it.",
    ),
]
Region = Annotated[str | None, typer.Option(help="Default: as for the AWS command line.")]
Profile = Annotated[
    str | None,
    typer.Option(help="A profile of the AWS configuration; default: as for the AWS command line."),
]
RunId = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="The run's id or its beginning; tuning runs lists them.",
        autocompletion=completions.complete_runs,
    ),
]
FormatOption = Annotated[Shown, typer.Option("--format", help="What to print.")]
