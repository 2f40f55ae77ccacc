"""Each statement that assistants rest on is needed and no wider: changed in any way, a decision of the table changes."""

import pytest
from changed_policies import changes_of, known_as_equivalent, unnoticed

from review.physical import Physical
from review.policy_documents import documents

REGION = "us-east-1"
OF_ASSISTANTS = {
    *("endpoint EndpointsExecuteApi", "policy of ApiRest", "CallersHelpDesk", "CallersPlain"),
    *(f"{who}AnswerQuestionPolicy" for who in ("HelpDesk", "Plain")),
    *(f"trust of {who}AnswerQuestionRole" for who in ("HelpDesk", "Plain")),
}
"""What is attached to their roles beside is that of every function, and mutated in `dev`."""


@pytest.fixture(scope="module")
def changed(assisted):
    """Each policy with each of its statements taken away, without each condition, and with more in it."""
    found = [
        each
        for each in documents(Physical(environment=assisted, region=REGION))
        if each.name in OF_ASSISTANTS
    ]
    assert {each.name for each in found} == OF_ASSISTANTS
    return changes_of(found)


def test_every_weakened_policy_of_an_assistant_is_noticed(assisted, changed, capsys):
    left = unnoticed(assisted, changed, region=REGION)
    with capsys.disabled():
        print(f"\n{len(changed)} changes, {len(left)} that change nothing", end="")  # noqa: T201 — the proof
    assert left == known_as_equivalent("assisted")
    assert len(changed) >= 100
