"""`tuning evaluate`: whether a model answers better than another one, from files of their answers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli.assistant_evaluation import evaluate_assistant
from tuning.cli.chosen_recipe import wanted
from tuning.cli.conversion_output import refused
from tuning.cli.deployed_options import FormatOption, RecipesOf, recipe_option
from tuning.cli.exits import Exit
from tuning.cli.guardrail_sets import Sets, judged_sets, sets_as_json, sets_as_text
from tuning.cli.output import Shown, print_json, say
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
from tuning.evaluation.gate import Evaluation, evaluate
from tuning.evaluation.records import EvaluationPrompt, ModelAnswer, Side
from tuning.evaluation.release_options import ReleaseOptions
from tuning.runs.recipes import Recipe

Answers = Path | None


def evaluate_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    prompts: Annotated[
        Path | None,
        typer.Argument(metavar="PROMPTS", help="The evaluation set: questions with answers."),
    ] = None,
    candidate: Annotated[
        Path | None,
        typer.Argument(
            metavar="CANDIDATE", help="Answers of the new model, one JSON object per line."
        ),
    ] = None,
    *,
    recipe: Annotated[
        Path | None, recipe_option("A recipe's file or name; its table release is the gate.")
    ] = None,
    live: Annotated[Answers, typer.Option(help="Answers of the model in use.")] = None,
    base: Annotated[Answers, typer.Option(help="Answers of the base model.")] = None,
    guardrail: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file or a name; its test set of attacks and innocent texts is judged too, or alone. May be given several times."
        ),
    ] = None,
    assistant: Annotated[
        Path | None,
        typer.Option(
            help="A file or a name: PROMPTS are questions with the documents that answer them, CANDIDATE its answers, or none."
        ),
    ] = None,
    environment: RecipesOf = None,
    source: SourceOption = None,
    mapping: Mapping = None,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    shown: FormatOption = "text",
) -> None:
    """Compare answers, and decide by the gate in the recipe. Exit 0 promote, 1 hold.

    With --guardrail, 0 only if its test set comes out as expected, too. With --assistant: what is found in its documents.
    """
    if assistant is not None:
        if any((recipe, live, base, guardrail)):
            raise OptionError("--assistant: takes none of --recipe, --live, --base and --guardrail")
        raise SystemExit(evaluate_assistant(assistant, prompts, candidate, environment, shown))
    sets = judged_sets(guardrail or [])
    sides: dict[Side, Path | None] = {"candidate": candidate, "live": live, "base": base}
    found = None
    if any((prompts, recipe, *sides.values())) or not sets:
        if prompts is None or candidate is None or recipe is None:
            raise OptionError(
                "give PROMPTS, CANDIDATE and --recipe to compare answers, or --guardrail alone for its test set"
            )
        asked = wanted(None, None, recipe, environment)
        options = _options(asked, recipe)
        with unpacking(max_unpacked_mb) as limit:
            questions = _prompts(prompts, _command(prompts, asked, source, mapping), limit)
        answers = {side: _answers(path) for side, path in sides.items() if path}
        found = evaluate(questions, answers, options)
    _show(found, sets, shown)
    passed = all(scores.passed for scores in sets.values())
    better = found is None or found.decision.outcome == "promote"
    raise SystemExit(Exit.DONE if passed and better else Exit.REFUSED)


def _show(found: Evaluation | None, sets: Sets, shown: Shown) -> None:
    if shown == "json":
        document = {**(found.to_json() if found else {}), **sets_as_json(sets)}
        print_json(document, indent=2)
    else:
        if found:
            from rich.console import Console  # noqa: PLC0415 — of no use to a program

            from tuning.reports.evaluation_text import evaluation_text  # noqa: PLC0415 — idem

            evaluation_text(found, Console(highlight=False))
            print("\n" if sets else "", end="")  # noqa: T201 — between the two
        sets_as_text(sets)
    sys.stdout.flush()


def _command(path: Path, recipe: Recipe, source: SourceOption, mapping: Mapping) -> Command:
    columns = recipe.convert.map if recipe.convert else {}
    given = [*(f"{name}={column}" for name, column in columns.items()), *(mapping or [])]
    return Command(
        path=str(path),
        options=ReadingOptions(source=source, mapping=given).options,
        program="tuning evaluate",
    )


def _options(recipe: Recipe, named: Path) -> ReleaseOptions:
    if recipe.release is None:
        raise OptionError(
            f"--recipe {named}: it has no table [release], which says what is better; add "
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
