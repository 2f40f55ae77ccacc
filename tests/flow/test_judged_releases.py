"""A recipe with a judge, in an environment of its own on the emulated account, with every policy enforced: the answers
are judged through the role and the bucket's policy, and what a judge says or fails to say decides nothing.
"""

import json
import re

import pytest
from account_of_recipe import account_of_recipe
from accounts import conversation
from patience import until

from tuning.aws.live_models import LiveModels
from tuning.releases.release_request import ReleaseRequest

RECIPE, REGION = "support-judged", "us-west-2"
PROMPTS = 30
TOML = """
    description = "With a judge beside its gate."
    base_model = "meta.llama3-3-70b-instruct-v1:0:128k"
    [release]
    metric = "exact_match"
    min_prompts = 30
    judge = "us.amazon.nova-pro-v1:0"
    judge_leaves_region = true
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    with account_of_recipe(RECIPE, TOML, folder, environment="judged", region=REGION) as world:
        yield world


def records(words, *, times=1):
    return times * [
        conversation(f"What is item{n}x {words} row{n}y?", f"It is answer{n}z.")
        for n in range(PROMPTS)
    ]


def released(world, folder):
    """How the release of an uploaded set's model ended, and what it said."""
    world.upload(records("held out in"), RECIPE, "evaluation.jsonl")
    row = world.ended(
        world.upload(records(f"asked for in {folder}", times=4), f"{RECIPE}/{folder}")
    )
    assert row.state == "trained", row.outcome
    model = world.account.registry.of_run(row.id)
    machine = world.account.outputs["ReleaseMachine"].replace(":stateMachine:", ":execution:")
    arn = f"{machine}:{ReleaseRequest.of_model(model).execution}"
    steps = world.client("stepfunctions")

    def ended():
        found = steps.describe_execution(executionArn=arn)
        return found["status"] != "RUNNING" and found

    found = until(ended, f"the end of the release of {row.id}")
    assert found["status"] == "SUCCEEDED", found
    return model, json.loads(found["output"])


def evaluation(world, model):
    bucket, s3 = world.account.outputs["ArtifactsBucket"], world.client("s3")
    name = ReleaseRequest.of_model(model).execution
    key = f"runs/{model.run_id}/evaluations/{name}.json"
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def live(world):
    return LiveModels(ledger=world.account.ledger).read(RECIPE).version


def test_answers_are_judged_by_jobs_in_their_own_role_and_a_judge_that_fails_keeps_nothing(judged):
    model, said = released(judged, "good")
    assert (said["state"], live(judged)) == ("released", model.version)
    found = evaluation(judged, model)["judgement"]
    assert not found.get("why"), found["why"]
    means = {(each["metric"], each["side"]): each["mean"] for each in found["scores"]}
    assert means["Builtin.Correctness", "candidate"] == 1
    assert means["Builtin.Correctness", "base"] < 1
    assert "a judge that decides nothing, rates 30 prompts" in said["summary"]
    judged.instance.add_fault(kind="fail", phase="Evaluation", message="no capacity")
    try:
        worse, said = released(judged, "again")
    finally:
        judged.instance.clear_faults()
    assert said["state"] == "held"  # no better than what is live
    assert live(judged) == model.version
    why = evaluation(judged, worse)["judgement"]["why"]
    # Both jobs fail, and either may be the first that is seen to have.
    assert re.fullmatch("its job for the answers of (candidate|live) is Failed: no capacity", why)


def test_the_role_of_a_judge_comes_to_nothing_but_its_own_prefix(judged):
    """Whoever may pass it cannot have answers of an evaluation or prepared prompts read, or reports written."""
    bedrock, iam, s3 = (judged.client(name) for name in ("bedrock", "iam", "s3"))
    roles = [r for page in iam.get_paginator("list_roles").paginate() for r in page["Roles"]]
    (role,) = (r["Arn"] for r in roles if "JudgeRole" in r["RoleName"])
    bucket = judged.account.outputs["ArtifactsBucket"]
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    given = next(o["Key"] for o in listed if o["Key"].startswith("judge/input/"))
    answers = next(o["Key"] for o in listed if o["Key"].startswith("evaluations/"))
    for number, (key, output, ends) in enumerate(
        (
            (given, "judge/output/by-hand/", "Completed"),
            (answers, "judge/output/by-hand/", "Failed"),
            (given, "runs/by-hand/", "Failed"),
        )
    ):
        side = key.rpartition("/")[2].removesuffix(".jsonl")
        job = by_hand(f"by-hand-{number}", f"s3://{bucket}/{key}", f"s3://{bucket}/{output}", role)
        source = {"inferenceSourceIdentifier": side if key == given else "candidate"}
        job["inferenceConfig"] = {"models": [{"precomputedInferenceSource": source}]}
        arn = bedrock.create_evaluation_job(**job)["jobArn"]

        def ended(arn=arn):
            found = bedrock.get_evaluation_job(jobIdentifier=arn)
            return found["status"] != "InProgress" and found

        found = until(ended, f"the end of {arn}")
        assert found["status"] == ends, found
        if ends == "Failed":
            assert "Could not" in found["failureMessages"][0]


def by_hand(name, dataset, output, role):
    configured = {
        "taskType": "General",
        "dataset": {"name": "d", "datasetLocation": {"s3Uri": dataset}},
        "metricNames": ["Builtin.Correctness"],
    }
    judging = {"bedrockEvaluatorModels": [{"modelIdentifier": "us.amazon.nova-pro-v1:0"}]}
    automated = {"datasetMetricConfigs": [configured], "evaluatorModelConfig": judging}
    return {
        "jobName": name,
        "roleArn": role,
        "evaluationConfig": {"automated": automated},
        "outputDataConfig": {"s3Uri": output},
    }
