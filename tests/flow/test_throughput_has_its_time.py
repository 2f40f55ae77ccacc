"""A base that is served by Provisioned Throughput alone, in an environment of its own in us-west-2: through the gate,
live, asked, removed when its time is over, and started again.
"""

import json
from datetime import UTC, datetime, timedelta

import accounts
import pytest
from account_of_recipe import account_of_recipe
from patience import until
from shifted_answers import question, records, release_ended, trained_version

from tuning.aws.live_models import LiveModels
from tuning.releases.live_model import live_key
from tuning.releases.release_steps import deployment_name
from tuning.runs.ledger_item import KEY
from tuning.runs.times import zulu

RECIPE, REGION = "support-llama", "us-west-2"
NAME = deployment_name("west", RECIPE)
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


def tuning(west, *words):
    return accounts.tuning(west, *words, "--region", REGION, environment="west")


def live(west):
    return LiveModels(ledger=west.account.ledger).read(RECIPE)


def provisioned(west):
    found = west.client("bedrock").list_provisioned_model_throughputs()
    return {each["provisionedModelName"]: each for each in found["provisionedModelSummaries"]}


def answer(west, number):
    made = tuning(west, "ask", RECIPE, question(number, "held out in"), "--format", "json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["answer"]


def test_what_is_bought_for_a_recipe_is_asked_has_its_time_and_is_started_again(west):
    west.upload(records("held out in"), RECIPE, "evaluation.jsonl")
    first = trained_version(west, RECIPE, "good", times=4)
    ended = release_ended(west, first)
    assert (ended["status"], json.loads(ended["output"])["state"]) == ("SUCCEEDED", "released")
    assert live(west).version == first.version
    assert {*provisioned(west)} == {NAME}  # the candidate is gone
    assert answer(west, 7) == "It is answer7z."
    worse = trained_version(west, RECIPE, "worse", off=1, times=4)
    ended = release_ended(west, worse)
    assert json.loads(ended["output"])["state"] == "held"
    assert {*provisioned(west)} == {NAME}
    made = tuning(west, "promote", RECIPE, str(worse.version))
    assert made.returncode == 0, made.stdout + made.stderr
    assert answer(west, 7) == "It is answer8z."
    assert tuning(west, "rollback", RECIPE).returncode == 0
    assert answer(west, 7) == "It is answer7z."
    west.round_of("RemoveCandidates")
    assert {*provisioned(west)} == {NAME}  # its time is not over
    _is_over(west)

    def removed():
        west.round_of("RemoveCandidates")
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
