"""Who may let a version go live: a person, or the gate; never nobody."""

import pytest

from tuning.evaluation.records import GateDecision
from tuning.releases.go_ahead import GoAhead, withheld


def gate(outcome):
    return GateDecision(
        outcome=outcome,
        reasons=("40 prompts were compared.", "It is no better."),
        metric="token_f1",
        better_than="live",
        by_at_least=0.0,
        prompts=40,
        confidence=0.95,
    )


@pytest.mark.parametrize(
    "given",
    [
        GoAhead.of_a_person("arn:ann"),
        GoAhead(gate=gate("promote")),
        GoAhead(by="arn:ann", gate=gate("hold")),
    ],
    ids=["a person", "the gate", "a person who overrules the gate"],
)
def test_these_may(given):
    assert withheld(GoAhead.from_json(given.to_json())) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (GoAhead(), "neither a person nor the gate"),
        (GoAhead(by=""), "neither a person nor the gate"),
        (
            GoAhead(gate=gate("hold")),
            "the gate holds it: 40 prompts were compared. It is no better.",
        ),
    ],
)
def test_nothing_else_does(given, words):
    assert words in str(withheld(given))
