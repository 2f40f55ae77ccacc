"""An environment whose recipe asks for Provisioned Throughput may buy it, change it and ask it; no other may."""

import pytest
from one_recipe import endpoint_rights, reviewed_recipe

from review.checks.separation_checks import (
    who_changes_deployments_asks_no_model_and_who_asks_changes_none,
)
from review.role_policies import permissions, roles_allowed
from review.templates import EnvironmentTemplates

RECIPE = """
    description = "On a base that has no serving on demand."
    base_model = "meta.llama3-1-8b-instruct-v1:0:128k"
    [release]
    metric = "exact_match"
    provisioned_hours = 4
"""
UNITS = "provisioned-model/*"


@pytest.fixture(scope="module")
def bought(tmp_path_factory):
    folder = reviewed_recipe(RECIPE, tmp_path_factory.mktemp("bought"), "bought").folder
    return EnvironmentTemplates.of(folder, "bought")


def to_units(environment, role, action):
    return any(
        act == f"bedrock:{action}" and what.endswith(UNITS)
        for act, what in permissions(environment, role)
    )


@pytest.mark.parametrize("word", ["Create", "Update"])
def test_one_function_buys_and_changes_where_a_recipe_asks_and_none_elsewhere(bought, dev, word):
    action = f"bedrock:{word}ProvisionedModelThroughput"
    assert roles_allowed(bought, action) == {"DeployModelRole"}
    assert roles_allowed(dev, action) == set()
    assert action in {act for act, _ in endpoint_rights(bought, "bedrock")}
    assert action not in {act for act, _ in endpoint_rights(dev, "bedrock")}


@pytest.mark.parametrize(
    ("role", "action"),
    [
        ("VerifyReleaseRole", "InvokeModel"),
        ("AnswerPromptsRole", "InvokeModelWithResponseStream"),
    ],
)
def test_what_was_bought_is_asked_by_those_who_ask_deployments(bought, dev, role, action):
    assert to_units(bought, role, action)
    assert not to_units(dev, role, action)


def test_callers_and_their_endpoint_reach_it(bought, dev):
    for environment, reached in ((bought, True), (dev, False)):
        policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy").properties
        asking = policy["PolicyDocument"]["Statement"][0]
        assert any(each.endswith(UNITS) for each in asking["Resource"]) is reached
        assert "aws:ResourceTag/tuning:environment" in asking["Condition"]["StringEquals"]
        let = {what for _, what in endpoint_rights(environment, "bedrock-runtime")}
        assert any(each.endswith(UNITS) for each in let) is reached


def test_what_was_bought_is_removed_by_tag_also_where_no_recipe_asks_any_more(bought, dev):
    action = "bedrock:DeleteProvisionedModelThroughput"
    assert roles_allowed(bought, action) == {"DeployModelRole", "RemoveCandidatesRole"}
    assert roles_allowed(dev, action) == {"RemoveCandidatesRole"}
    assert action in {act for act, _ in endpoint_rights(dev, "bedrock")}


def test_powers_are_split_there_as_everywhere(bought):
    who_changes_deployments_asks_no_model_and_who_asks_changes_none(bought)
