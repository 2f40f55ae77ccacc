"""An environment whose recipe asks for a judge may have answers judged; no other may."""

import json

import pytest
from one_recipe import endpoint_rights, reviewed_recipe

from review.checks.separation_checks import (
    who_changes_deployments_asks_no_model_and_who_asks_changes_none,
    who_has_answers_judged_passes_one_role_to_bedrock_and_asks_no_model,
)
from review.role_policies import permissions, roles_allowed
from review.templates import EnvironmentTemplates

RECIPE = """
    description = "With a judge beside its gate."
    base_model = "meta.llama3-3-70b-instruct-v1:0:128k"
    [release]
    metric = "exact_match"
    judge = "us.amazon.nova-pro-v1:0"
    judge_leaves_region = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return reviewed_recipe(RECIPE, tmp_path_factory.mktemp("judged"), "judged").folder


@pytest.fixture(scope="module")
def judged(folder):
    return EnvironmentTemplates.of(folder, "judged")


def test_nothing_is_said_against_it(folder):
    report = json.loads((folder / "validation-report.json").read_bytes())
    found = [v["ruleName"] for r in report["pluginReports"] for v in r.get("violations", [])]
    assert found == []


@pytest.mark.parametrize("word", ["Create", "Get", "Stop"])
def test_one_function_has_answers_judged_where_a_recipe_asks_and_none_elsewhere(judged, dev, word):
    action = f"bedrock:{word}EvaluationJob"
    assert roles_allowed(judged, action) == {"JudgeAnswersRole"}
    assert roles_allowed(dev, action) == set()
    assert action in {act for act, _ in endpoint_rights(judged, "bedrock")}
    assert action not in {act for act, _ in endpoint_rights(dev, "bedrock")}


def test_elsewhere_its_function_reads_nothing_and_there_is_no_role(dev):
    assert not any(
        "Judge" in each.name for each in dev.of_type("AWS::IAM::Role") if "Answers" not in each.name
    )
    assert not {
        act for act, _ in permissions(dev, "JudgeAnswersRole") if act.startswith(("s3:", "iam:"))
    }


def test_the_role_reads_what_is_given_writes_what_is_said_and_asks_its_judge_alone(judged):
    (role,) = (r for r in judged.of_type("AWS::IAM::Role") if "JudgeRole" in r.name)
    (trusted,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "bedrock.amazonaws.com"}
    condition = trusted["Condition"]
    assert set(condition) == {"StringEquals", "ArnLike"}
    assert str(condition["ArnLike"]["aws:SourceArn"]).endswith(":evaluation-job/*")
    rights = permissions(judged, role.name)
    objects = {
        (act, what.partition("/")[2])
        for act, what in rights
        if act.startswith("s3:") and "/" in what
    }
    assert objects == {
        ("s3:GetObject", "judge/input/*"),
        *(
            (f"s3:{act}", "judge/output/*")
            for act in (
                "AbortMultipartUpload",
                "GetObject",
                "ListMultipartUploadParts",
                "PutObject",
            )
        ),
    }
    asked = {what for act, what in rights if act.startswith("bedrock:")}
    assert len(asked) == 5
    assert all(what.endswith("amazon.nova-pro-v1:0") for what in asked)
    assert {act for act, _ in rights if act.startswith("bedrock:")} == {"bedrock:InvokeModel"}


def test_the_bucket_opens_its_prefix_to_that_role_alone(judged, dev):
    def statements(environment):
        policy = environment.one("AWS::S3::BucketPolicy", "ArtifactsPolicy").properties
        return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}

    found = statements(judged)
    elsewhere = found["DenyJudgeElsewhere"]
    assert elsewhere["Condition"] == {"StringEquals": {"aws:PrincipalTag/tuning:part": "judge"}}
    assert str(elsewhere["NotResource"][1]).endswith("judge/*")
    outside = found["DenyOutsideVpc"]["Condition"]["StringNotEquals"]
    assert "judge" in outside["aws:PrincipalTag/tuning:part"]
    assert "DenyJudgeElsewhere" not in statements(dev)
    assert "judge" not in json.dumps(statements(dev)["DenyOutsideVpc"])


def test_powers_are_split_there_as_everywhere(judged):
    who_changes_deployments_asks_no_model_and_who_asks_changes_none(judged)
    who_has_answers_judged_passes_one_role_to_bedrock_and_asks_no_model(judged)
