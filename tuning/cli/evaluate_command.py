"""`tuning evaluate`: whether a model answers better than another one, from files of their answers."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli import completions
from tuning.cli.chosen_recipe import wanted
from tuning.cli.conversion_output import refused
from tuning.cli.deployed_options import FormatOption, RecipesOf
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.cli.reading_options import (
    MAX_UNPACKED,
    Mapping,
    MaxUnpacked,
    ReadingOptions,
    SourceOption,
    unpacking,
)
from tuning.datasets.convert.command import Command
from tuning.errors import OptionError
from tuning.evaluation.answer_files import read_answers
from tuning.evaluation.evaluation_prompts import NotAPromptError, evaluation_prompts
from tuning.evaluation.gate import evaluate
from tuning.evaluation.records import EvaluationPrompt, ModelAnswer, Side
from tuning.evaluation.release_options import ReleaseOptions
from tuning.runs.recipes import Recipe

Answers = Path | None


def evaluate_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    prompts: Annotated[Path, typer.Argument(help="The evaluation set: questions with answers.")],
    candidate: Annotated[Path, typer.Argument(help="Answers of the new model, one JSON a line.")],
    *,
    recipe: Annotated[
        Path,
        typer.Option(
            help="A file or a name; its table release is the gate.",
            autocompletion=completions.complete_recipes,
        ),
    ],
    live: Annotated[Answers, typer.Option(help="Answers of the model in use.")] = None,
    base: Annotated[Answers, typer.Option(help="Answers of the base model.")] = None,
    environment: RecipesOf = None,
    source: SourceOption = None,
    mapping: Mapping = None,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    shown: FormatOption = "text",
) -> None:
    """Compare answers, and decide by the gate in the recipe. Exit 0 promote, 1 hold."""
    asked = wanted(None, None, recipe, environment)
    options = _options(asked, recipe)
    columns = asked.convert.map if asked.convert else {}
    given = [*(f"{name}={column}" for name, column in columns.items()), *(mapping or [])]
    command = Command(
        path=str(prompts),
        options=ReadingOptions(source=source, mapping=given).options,
        program="tuning evaluate",
    )
    with unpacking(max_unpacked_mb) as limit:
        questions = _prompts(prompts, command, limit)
    sides: dict[Side, Path | None] = {"candidate": candidate, "live": live, "base": base}
    answers = {side: _answers(path) for side, path in sides.items() if path}
    found = evaluate(questions, answers, options)
    if shown == "json":
        print(json.dumps(found.to_json(), indent=2))  # noqa: T201 — what the user asked for
    else:
        from rich.console import Console  # noqa: PLC0415 — of no use to a program

        from tuning.reports.evaluation_text import evaluation_text  # noqa: PLC0415 — idem

        evaluation_text(found, Console(highlight=False))
    sys.stdout.flush()
    raise SystemExit(Exit.DONE if found.decision.outcome == "promote" else Exit.REFUSED)


def _options(recipe: Recipe, named: Path) -> ReleaseOptions:
    if recipe.release is None:
        raise OptionError(
            f"--recipe {named}: it has no table [release], so that nothing says what is better; add "
            'one, such as [release] with metric = "token_f1"'
        )
    return recipe.release


def _prompts(path: Path, command: Command, limit: int) -> list[EvaluationPrompt]:
    """Raises SystemExit with the findings of what cannot be read."""
    with path.open("rb") as stream:
        reading = command.conversion(stream, name=str(path), limit=limit)
        try:
            found = list(evaluation_prompts(reading.records()))
        except NotAPromptError as error:
            say(f"tuning: {path}: {error}")
            raise SystemExit(Exit.REFUSED) from None
    if reading.summary.counts:
        refused(reading.summary)
        raise SystemExit(Exit.REFUSED)
    return found


def _answers(path: Path) -> list[ModelAnswer]:
    with path.open("rb") as stream:
        return list(read_answers(stream, name=str(path)))
