"""`tuning guard`: what a guardrail does to a text, and why; or how its test set comes out."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli.chosen_guardrail import guardrail_file, tests_of
from tuning.cli.deployed_options import FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.guard_output import scores_as_text, verdict_as_text
from tuning.cli.output import Shown, print_json, say
from tuning.errors import OptionError
from tuning.guardrails.attack_sets import judge_cases, read_cases
from tuning.guardrails.guard_verdict import Grounds, GuardVerdict
from tuning.guardrails.guardrail import Direction
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.local_guard import judge_locally

_Judge = Callable[[str, Direction, Grounds | None], GuardVerdict]


def guard_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="A single - reads standard input.")
    ] = None,
    *,
    direction: Annotated[
        Direction, typer.Option(help="Whether the text is a question or an answer.")
    ] = "input",
    guardrail: Annotated[
        Path | None,
        typer.Option(
            help="A guardrail's file or name; default: the only one in a folder guardrails, here or above."
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="A file with what an answer must be grounded in.")
    ] = None,
    query: Annotated[str, typer.Option(help="The question that it answers, for relevance.")] = "",
    tests: Annotated[
        bool, typer.Option("--tests", help="Judge the guardrail's test set instead of a text.")
    ] = False,
    cases: Annotated[
        Path | None,
        typer.Option(help="A test set other than tests/NAME.jsonl beside the guardrail."),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            "-e",
            help="Ask the guardrail that is deployed there, and guess nothing.",
        ),
    ] = None,
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Show what a guardrail does to a text, and why. Exit 0 allowed or masked, 1 blocked."""
    if (text is None) != tests:
        raise OptionError("give a TEXT, or --tests for the guardrail's test set")
    if environment and guardrail and not tests:
        raise OptionError(
            "--environment asks the guardrail that is deployed there: omit --guardrail"
        )
    judge = _deployed(environment, region) if environment else _local(guardrail, shown)
    if text is None:
        _judge_set(cases or tests_of(guardrail_file(guardrail)), judge, shown)
    grounds = Grounds(source=source.read_text("utf-8"), query=query) if source else None
    verdict = judge(sys.stdin.read() if text == "-" else str(text), direction, grounds)
    if shown == "json":
        print_json(verdict.to_json(), indent=None, ensure_ascii=False)
    else:
        verdict_as_text(verdict)
    raise SystemExit(Exit.REFUSED if verdict.outcome == "blocked" else Exit.DONE)


def _judge_set(file: Path, judge: _Judge, shown: Shown) -> None:
    """Ends the command."""
    scores = judge_cases(
        read_cases(file), lambda case: judge(case.text, case.direction, case.grounds)
    )
    if shown == "json":
        print_json(scores.to_json(), indent=None, ensure_ascii=False)
    else:
        scores_as_text(scores)
    raise SystemExit(Exit.DONE if scores.passed else Exit.REFUSED)


def _local(named: Path | None, shown: Shown) -> _Judge:
    made = load_guardrail(guardrail_file(named))
    if shown == "text":
        for note in made.notes:
            say(f"note: {note}")
    return lambda text, direction, grounds: judge_locally(made, text, direction, grounds)


def _deployed(environment: str, region: str | None) -> _Judge:
    from tuning.aws.guarding import DeployedGuardrail  # noqa: PLC0415 — only where AWS is asked
    from tuning.cli.account import Account  # noqa: PLC0415 — idem
    from tuning.cli.aws_errors import explained_errors  # noqa: PLC0415 — idem

    account = Account.of(environment, region)
    found = DeployedGuardrail.in_outputs(account.outputs, account.client)
    if found is None:
        raise OptionError(
            f"{environment} has no guardrail: name one in its Config, guardrail=…, and deploy; or leave "
            "--environment out to see what a file would do"
        )

    def judge(text: str, direction: Direction, grounds: Grounds | None) -> GuardVerdict:
        with explained_errors():
            return found.judge(text, direction, grounds)

    return judge
