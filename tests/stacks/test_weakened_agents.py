"""Each statement that agents rest on is needed and no wider: changed in any way, a decision of the table changes, and
of what their roles may, the reviewed table of permissions.
"""

import pytest
from changed_policies import changes_of, known_as_equivalent, unnoticed

from review.mutations import mutants
from review.permission_table import table_rows
from review.physical import Physical
from review.policy_documents import documents
from review.role_policies import RoleStatement

REGION = "us-east-1"
AGENTS = ("Clerk", "Guide")
"""One with functions for its tools, one that searches documents."""
GUARDING = {
    *(f"endpoint Endpoints{name}" for name in ("AgentCore", "BedrockRuntime", "Lambda")),
    *("trust of ClerkAgentRole", "trust of ClerkAnswerWithToolsRole", "CallersClerk"),
}
RIGHTS = {
    f"{agent}{part}"
    for agent in AGENTS
    for part in ("AgentPolicy", "AgentLogsPolicy", "AnswerWithToolsPolicy")
}
"""What is attached to the function's role beside is that of every function, and mutated in `dev`."""


@pytest.fixture(scope="module")
def own(tooled):
    found = documents(Physical(environment=tooled, region=REGION))
    return {each.name: each for each in found if each.name in GUARDING | RIGHTS}


def test_every_weakened_policy_around_an_agent_is_noticed(tooled, own, capsys):
    changed = changes_of(own[name] for name in sorted(GUARDING))
    left = unnoticed(tooled, changed, region=REGION)
    with capsys.disabled():
        print(f"\n{len(changed)} changes, {len(left)} that change nothing", end="")  # noqa: T201 — the proof
    assert left == known_as_equivalent("tooled")
    assert len(changed) >= 40


def test_every_weakened_right_of_an_agent_changes_the_permission_table(own):
    changed = 0
    for name in sorted(RIGHTS):
        before = table_rows(map(RoleStatement.of, own[name].content["Statement"]))
        for mutant in mutants(own[name]):
            changed += 1
            after = table_rows(map(RoleStatement.of, mutant.content["Statement"]))
            assert after != before, (name, mutant.change)
    assert changed >= 60


def test_nobody_but_these_policies_speaks_of_agents(tooled, own):
    """A new one is among those that are changed, or fails here."""
    speaking = {
        each.name
        for each in documents(Physical(environment=tooled, region=REGION))
        if "Clerk" in each.name or "bedrock-agentcore" in str(each.content)
    }
    alike = {"trust of GuideAgentRole"}  # made as the clerk's is
    silent = {f"endpoint Endpoints{name}" for name in ("BedrockRuntime", "Lambda")}
    assert speaking - alike | silent | {"GuideAgentPolicy"} == {*own}
