"""The decision table, decided; and whether it would notice if a policy were weaker."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.mutations import Mutant, mutants
from review.physical import Physical
from review.policy_documents import PolicyDocument
from review.questions import Case, Phrasebook, policy_rules
from review.templates import EnvironmentTemplates

_PROGRAM = Path(__file__).with_name("evaluate.mjs")


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """A row of the table: what was asked, what must be, what is."""

    case: Case
    got: str

    @property
    def holds(self) -> bool:
        match self.case.expected:
            case "allowed":
                return self.got == "Allowed"
            case "denied":
                return self.got in ("ImplicitlyDenied", "ExplicitlyDenied")
        return self.got == "ExplicitlyDenied"


@dataclass(frozen=True, kw_only=True)
class Caught:
    mutant: Mutant
    by: Case | None
    """The case that would have failed; None when the table did not notice."""


@dataclass(frozen=True, kw_only=True)
class Review:
    environment: str
    decisions: Sequence[DecisionRow]
    caught: Sequence[Caught]


class EvaluatorError(Exception):
    """The evaluator could not be run, or not answer."""


def review_decisions(
    environment: EnvironmentTemplates, *, region: str, mutated: bool = True
) -> Review:
    """`mutated`: whether each policy is also put in weaker. It takes most of the time. Identity
    policies are not: they are compared as whole sets, with `permissions.toml`, and any change shows.
    """
    book = Phrasebook(physical=Physical(environment=environment, region=region))
    cases = _cases(environment)
    documents = [d for d in book.documents.values() if mutated and d.kind != "identity"]
    changed = [mutant for document in documents for mutant in _once(document)]
    got, caught = _ask(book, cases, changed)
    return Review(
        environment=environment.name,
        decisions=[DecisionRow(case=case, got=g) for case, g in zip(cases, got, strict=True)],
        caught=[Caught(mutant=m, by=by) for m, by in zip(changed, caught, strict=True)],
    )


def noticing(
    environment: EnvironmentTemplates, changed: Sequence[Mutant], *, region: str
) -> list[Case | None]:
    """For each changed policy the case that would fail, or None."""
    book = Phrasebook(physical=Physical(environment=environment, region=region))
    return _ask(book, _cases(environment), changed)[1]


def _cases(environment: EnvironmentTemplates) -> list[Case]:
    return [case for rule in policy_rules(environment.name) for case in rule.cases()]


def _ask(
    book: Phrasebook, cases: Sequence[Case], changed: Sequence[Mutant]
) -> tuple[list[str], list[Case | None]]:
    answer = _evaluate(
        {
            "policies": book.policies(),
            "questions": [book.question(case) for case in cases],
            "mutants": [
                {"policy": m.policy, "document": m.content, "touches": m.touches} for m in changed
            ],
        }
    )
    caught = [None if number is None else cases[number] for number in answer["caught"]]
    return answer["decisions"], caught


def _once(document: PolicyDocument) -> list[Mutant]:
    """Without those that two changes make alike."""
    return list({json.dumps(m.content): m for m in mutants(document)}.values())


def _evaluate(question: dict[str, Any]) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        raise EvaluatorError("no Node.js on the PATH: make setup")
    done = subprocess.run(  # noqa: S603 — our own program
        [node, str(_PROGRAM)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise EvaluatorError(f"{_PROGRAM.name}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
