"""A base that is served by Provisioned Throughput alone, in an environment of its own in us-west-2: through the gate,
live, asked, removed when its time is over, and started again.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from account_of_recipe import account_of_recipe
from accounts import conversation
from patience import until

from tuning.aws.live_models import LiveModels
from tuning.releases.live_model import live_key
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import deployment_name
from tuning.runs.ledger_item import KEY
from tuning.runs.times import zulu

RECIPE, REGION = "support-llama", "us-west-2"
NAME = deployment_name("west", RECIPE)
PROMPTS = 30
TOML = """
    description = "On a base that has no serving on demand."
    base_model = "meta.llama3-2-1b-instruct-v1:0:128k"
    [release]
    metric = "exact_match"
    min_prompts = 30
    candidate_hours = 1
    provisioned_hours = 4
"""


@pytest.fixture(scope="module")
def west(tmp_path_factory):
    folder = tmp_path_factory.mktemp("west")
    with account_of_recipe(
        RECIPE, TOML, folder, environment="west", region=REGION, model_units=2
    ) as world:
        yield world


def question(number, words):
    return f"What is item{number}x {words} row{number}y?"


def records(words, *, off=0, times=1):
    """`off`: by how much answers are shifted against their questions."""
    return times * [
        conversation(question(number, words), f"It is answer{(number + off) % PROMPTS}z.")
        for number in range(PROMPTS)
    ]


def trained(west, folder, *, off=0):
    """The version of a run, and how its release has ended."""
    west.upload(records(f"validated in {folder}"), f"{RECIPE}/{folder}", "validation.jsonl")
    training = records(f"asked for in {folder}", off=off, times=4)
    row = west.ended(west.upload(training, f"{RECIPE}/{folder}"))
    assert row.state == "trained", row.outcome
    model = west.account.registry.of_run(row.id)
    return model, execution(west, ReleaseRequest.of_model(model).execution)


def execution(west, name):
    machine = west.account.outputs["ReleaseMachine"].replace(":stateMachine:", ":execution:")
    steps = west.client("stepfunctions")

    def ended():
        found = steps.describe_execution(executionArn=f"{machine}:{name}")
        return found["status"] != "RUNNING" and found

    return until(ended, f"the end of {name}")


def tuning(west, *words):
    command = [sys.executable, "-m", "tuning", *words, "-e", "west", "--region", REGION]
    environment = os.environ | west.instance.client_environment()
    return subprocess.run(  # noqa: S603 — our own words
        command, env=environment, capture_output=True, text=True, check=False
    )


def live(west):
    return LiveModels(ledger=west.account.ledger).read(RECIPE)


def provisioned(west):
    found = west.client("bedrock").list_provisioned_model_throughputs()
    return {each["provisionedModelName"]: each for each in found["provisionedModelSummaries"]}


def answer(west, number):
    made = tuning(west, "ask", RECIPE, question(number, "held out in"), "--format", "json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["answer"]


def removals(west):
    """A round of them."""
    functions = west.client("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    name = next(name for name in names if "RemoveCandidates" in name)
    answered = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answered, answered["Payload"].read()


def test_what_is_bought_for_a_recipe_is_asked_has_its_time_and_is_started_again(west):
    west.upload(records("held out in"), RECIPE, "evaluation.jsonl")
    first, ended = trained(west, "good")
    assert (ended["status"], json.loads(ended["output"])["state"]) == ("SUCCEEDED", "released")
    assert live(west).version == first.version
    assert {*provisioned(west)} == {NAME}  # the candidate is gone
    assert answer(west, 7) == "It is answer7z."
    worse, ended = trained(west, "worse", off=1)
    assert json.loads(ended["output"])["state"] == "held"
    assert {*provisioned(west)} == {NAME}
    made = tuning(west, "promote", RECIPE, str(worse.version))
    assert made.returncode == 0, made.stdout + made.stderr
    assert answer(west, 7) == "It is answer8z."
    assert tuning(west, "rollback", RECIPE).returncode == 0
    assert answer(west, 7) == "It is answer7z."
    removals(west)
    assert {*provisioned(west)} == {NAME}  # its time is not over
    _is_over(west)

    def removed():
        removals(west)
        return not provisioned(west) and not live(west).due

    until(removed, "what had its time to be removed")
    refused = tuning(west, "ask", RECIPE, "Anything?")
    assert f"tuning promote {RECIPE} {first.version} starts it again" in refused.stderr
    listed = json.loads(tuning(west, "releases", RECIPE, "--format", "json").stdout)["releases"]
    assert {each["version"]: each["status"] for each in listed} == {
        first.version: "not running",
        worse.version: "before",
    }
    assert tuning(west, "promote", RECIPE, str(first.version)).returncode == 0
    assert answer(west, 7) == "It is answer7z."
    listed = tuning(west, "costs", "--format", "json")
    kinds = {each["kind"]: each for each in json.loads(listed.stdout)["costs"]}
    assert kinds["provisioned throughput"]["status"] == f"live until {live(west).due}"


def _is_over(west):
    past = zulu(datetime.now(UTC) - timedelta(minutes=1))
    west.client("dynamodb").update_item(
        TableName=west.account.outputs["LedgerTable"],
        Key={KEY: {"S": live_key(RECIPE)}},
        UpdateExpression="SET due = :past",
        ExpressionAttributeValues={":past": {"S": past}},
    )
