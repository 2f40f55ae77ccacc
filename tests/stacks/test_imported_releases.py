"""An environment whose recipe imports models has rights to those that are live, and a machine that waits for them; no
other has either.
"""

import shutil
from dataclasses import replace
from textwrap import dedent

import pytest
from machines import definition, edges, following, known, reachable, used
from one_recipe import endpoint_rights
from stubbed_bundle import reviewed_deployment
from tested_configs import RICH
from whole_app import ROOT

from review.checks.separation_checks import (
    who_changes_deployments_asks_no_model_and_who_asks_changes_none,
)
from review.role_policies import allowed, permissions, roles_allowed, statements
from review.templates import EnvironmentTemplates
from tuning.releases.release_states import ImportedReleaseState, ReleaseState

TRAINS = """
    description = "Trained here."
    base_model = "meta.llama3-3-70b-instruct-v1:0:128k"
"""
IMPORTS = """
    description = "Trained elsewhere."
    method = "IMPORT"
    architecture = "LlamaForCausalLM"
"""
MODELS = "imported-model/*"


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """With the guardrail of `rich`."""
    folder = tmp_path_factory.mktemp("imported")
    recipes = folder / "recipes"
    recipes.mkdir()
    shutil.copytree(ROOT / "guardrails", folder / "guardrails")
    for name, recipe in (("support", TRAINS), ("adapters", IMPORTS)):
        (recipes / f"{name}.toml").write_text(dedent(recipe), encoding="utf-8")
    config = replace(RICH, recipes=("support", "adapters"), recipes_folder=recipes)
    return EnvironmentTemplates.of(
        reviewed_deployment(folder, "imported", config).folder, "imported"
    )


@pytest.fixture(scope="module")
def states(imported):
    return definition(imported, "ReleaseMachine")["States"]


def on_models(environment, role):
    """Actions that the role may on imported models, of all of its statements."""
    return {act for act, what in permissions(environment, role) if what.endswith(MODELS)}


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("BeginReleaseRole", {"ListTagsForResource"}),
        ("DeployModelRole", {"ListTagsForResource", "TagResource", "UntagResource"}),
        ("VerifyReleaseRole", {"InvokeModel"}),
        ("FinishReleaseRole", {"ListTagsForResource"}),
        (
            "RemoveCandidatesRole",
            {"DeleteImportedModel", "ListTagsForResource", "UntagResource"},
        ),
        ("PlanEvaluationRole", set()),
        ("AnswerPromptsRole", set()),
        ("DeleteModelsRole", set()),
    ],
)
def test_each_step_may_what_it_does_there_and_nothing_elsewhere(imported, dev, role, actions):
    assert on_models(imported, role) == {f"bedrock:{each}" for each in actions}
    assert on_models(dev, role) == set()


def test_models_are_listed_by_those_who_look_for_what_is_live(imported, dev):
    action = "bedrock:ListImportedModels"
    lists = {"BeginReleaseRole", "DeployModelRole", "FinishReleaseRole", "RemoveCandidatesRole"}
    assert roles_allowed(imported, action) == lists
    assert roles_allowed(dev, action) == set()
    assert action in {act for act, _ in endpoint_rights(imported, "bedrock")}
    assert action not in {act for act, _ in endpoint_rights(dev, "bedrock")}


def test_only_what_is_live_in_this_environment_is_untagged_or_deleted(imported):
    for role in ("DeployModelRole", "RemoveCandidatesRole"):
        for statement in allowed(imported, role):
            if {"bedrock:UntagResource", "bedrock:DeleteImportedModel"} & set(statement.actions):
                compared = statement.conditions["StringEquals"]
                assert compared["aws:ResourceTag/tuning:environment"] == "imported"


def test_a_model_is_made_live_in_this_environment_by_two_tags_and_no_other(imported):
    (statement,) = [
        each
        for each in allowed(imported, "DeployModelRole")
        if "bedrock:TagResource" in each.actions
        and any(what.endswith(MODELS) for what in each.resources)
    ]
    assert statement.conditions["StringEquals"] == {
        "aws:RequestTag/tuning:environment": "imported",
        "aws:ResourceTag/environment": "imported",
    }
    tags = ["tuning:environment", "tuning:recipe"]
    assert statement.conditions["ForAllValues:StringEquals"] == {"aws:TagKeys": tags}


def test_callers_and_their_endpoint_reach_them(imported, dev):
    for environment, reached in ((imported, True), (dev, False)):
        policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy").properties
        asking = policy["PolicyDocument"]["Statement"][0]
        assert any(each.endswith(MODELS) for each in asking["Resource"]) is reached
        assert "aws:ResourceTag/tuning:environment" in asking["Condition"]["StringEquals"]
        let = {what for _, what in endpoint_rights(environment, "bedrock-runtime")}
        assert any(each.endswith(MODELS) for each in let) is reached
        changed = {act for act, _ in endpoint_rights(environment, "bedrock")}
        assert ({"bedrock:UntagResource", "bedrock:DeleteImportedModel"} <= changed) is reached


def test_powers_are_split_there_as_everywhere(imported):
    changing = {"DeployModelRole", "RemoveCandidatesRole"}
    assert roles_allowed(imported, "bedrock:UntagResource") == changing
    assert roles_allowed(imported, "bedrock:DeleteImportedModel") == {"RemoveCandidatesRole"}
    who_changes_deployments_asks_no_model_and_who_asks_changes_none(imported)


def test_the_machine_has_two_states_more_and_none_of_them_elsewhere(states, dev):
    more = set(ImportedReleaseState)
    assert more <= set(states)
    assert set(states) - more == set(definition(dev, "ReleaseMachine")["States"])
    assert not more & set(ReleaseState)


def test_a_model_that_is_loaded_is_asked_again_after_a_pause(states):
    choice = states["Model answers?"]["Choices"][0]
    assert "'cold'" in choice["Condition"]
    assert choice["Next"] == "Wait for loading"
    assert following(states["Wait for loading"]) == {"Verify release"}


def test_nothing_is_live_that_has_not_answered_and_what_was_goes_afterwards(states):
    for needed in ("Begin release", "Deploy model"):
        assert "Model live" not in reachable(states, "Begin", without=[needed])
    says = {name for name, state in states.items() if "verified" in state.get("Assign", {})}
    assert says == {"Begin", "Verify release"}
    ways = [
        choice["Condition"]
        for state in states.values()
        for choice in state.get("Choices", ())
        if choice["Next"] == "Model live"
    ]
    assert len(ways) == 2
    assert all("$verified.state = 'answered'" in each for each in ways)
    assert not any("Model live" in (s.get("Next"), s.get("Default")) for s in states.values())
    assert "Retire former model" not in reachable(states, "Begin", without=["Verify release"])
    assert following(states["Retire former model"]) == {"Deploy model"}
    conditions = [each["Condition"] for each in states["Deployment status?"]["Choices"]]
    nexts = [each["Next"] for each in states["Deployment status?"]["Choices"]]
    assert nexts[:3] == ["Wait for deployment", "Model live", "Deployment failed"]
    assert "'answered'" in conditions[1]
    assert "'active'" in conditions[1]
    assert "'answered'" in conditions[2]


def test_no_way_uses_what_is_not_assigned_yet(states):
    assigned = known(states, "Begin")
    for name in reachable(states, "Begin"):
        catches = {v for each in states[name].get("Catch", ()) for v in each.get("Assign", {})}
        assert used(states[name]) <= assigned[name] | catches | {"fault"}, name


def test_every_loop_is_left(states):
    ends = {name for name, state in states.items() if not list(edges(state))}
    for name in reachable(states, "Begin"):
        assert reachable(states, name) & ends, name


def test_imported_models_are_asked_with_the_guardrail_and_in_no_other_way(imported):
    policy = imported.one("AWS::IAM::ManagedPolicy", "CallersPolicy")
    ask, _, _, deny = statements(policy)
    for each in (ask, deny):
        assert any(resource.endswith(MODELS) for resource in each.resources)
    named = "bedrock:GuardrailIdentifier"
    assert deny.effect == "Deny"
    assert ask.conditions["StringEquals"][named] == deny.conditions["StringNotEquals"][named]
    endpoint = imported.one("AWS::EC2::VPCEndpoint", "EndpointsBedrockRuntime")
    opened = [
        each for each in statements(endpoint) if any(r.endswith(MODELS) for r in each.resources)
    ]
    unguarded = [each for each in opened if named not in each.conditions.get("StringLike", {})]
    part = "aws:PrincipalTag/tuning:part"
    assert {each.conditions["StringEquals"][part] for each in unguarded} == {
        "evaluation",
        "verification",
    }
