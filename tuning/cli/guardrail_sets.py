"""The test sets of guardrails, judged without AWS: each guardrail's attacks, personal data and innocent texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuning.cli.chosen_guardrail import guardrail_file, tests_of
from tuning.cli.guard_output import scores_as_text
from tuning.cli.output import say
from tuning.guardrails.attack_sets import GuardScores, judge_cases, read_cases
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.local_guard import judge_locally

Sets = Mapping[str, GuardScores]
"""How the sets came out, by the names of their guardrails."""


def judged_sets(named: Sequence[Path]) -> Sets:
    """In the order in which they are named. Raises OptionError and GuardrailError."""
    return {file.stem: _judged(file) for file in map(guardrail_file, named)}


def _judged(file: Path) -> GuardScores:
    made = load_guardrail(file)
    return judge_cases(
        read_cases(tests_of(file)),
        lambda case: judge_locally(made, case.text, case.direction, case.grounds),
    )


def sets_as_text(sets: Sets) -> None:
    for name, scores in sets.items():
        print(f"Guardrail {name}")  # noqa: T201 — the command's output
        scores_as_text(scores)
    if any(each.verdict.approximated for scores in sets.values() for each in scores.judged):
        say(
            "what Bedrock's models decide is guessed here: tuning guard --tests -e ENV asks Bedrock"
        )


def sets_as_json(sets: Sets) -> dict[str, Any]:
    """A member of a document; none where no guardrail was named."""
    return {"guardrails": {name: scores.to_json() for name, scores in sets.items()}} if sets else {}
