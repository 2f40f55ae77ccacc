"""Models that nobody needs are deleted by the deployed function, in an account whose recipe says so; and where none
does, nothing is.
"""

import json

import pytest
from account_of_recipe import account_of_recipe
from accounts import RECIPES, conversation, tuning
from patience import until

from tuning.aws.live_models import LiveModels
from tuning.releases.release_request import ReleaseRequest

RECIPE = "support-nova-lite"
PROMPTS = 30
VERSIONS = 5


def records(words):
    return [
        conversation(f"What is item{number}x {words} row{number}y?", f"It is answer{number}z.")
        for number in range(PROMPTS)
    ]


@pytest.fixture(scope="module")
def keeping(tmp_path_factory):
    """Five versions: 5 is live, 4 was before, and of the others the gate has held all but the first."""
    text = (RECIPES / f"{RECIPE}.toml").read_text(encoding="utf-8")
    asks = text.replace("[release]", "[release]\nkeep_models = 1\ndelete_models = true", 1)
    folder = tmp_path_factory.mktemp("keeping")
    with account_of_recipe(RECIPE, asks, folder, environment="dev", region="us-east-1") as made:
        made.upload(records("held out in"), RECIPE, "evaluation.jsonl")
        for number in range(1, VERSIONS + 1):
            trained(made, number)
        for number in (4, 5):
            said = tuning(made, "promote", RECIPE, str(number))
            assert said.returncode == 0, said.stdout + said.stderr
        yield made


def trained(world, number):
    """The next version, whose release has ended."""
    folder = f"{RECIPE}/{number}"
    world.upload(records(f"validated in {number}"), folder, "validation.jsonl")
    row = world.ended(world.upload(records(f"asked for in {number}"), folder))
    assert row.state == "trained", row.outcome
    model = world.account.registry.of_run(row.id)
    assert model.version == number
    machine = world.account.outputs["ReleaseMachine"].replace(":stateMachine:", ":execution:")
    arn = f"{machine}:{ReleaseRequest.of_model(model).execution}"
    steps = world.client("stepfunctions")
    until(
        lambda: steps.describe_execution(executionArn=arn)["status"] != "RUNNING",
        f"the end of the release of version {number}",
    )


def a_round(world):
    """Of the deployed function, as its schedule has it."""
    answered, payload = invoked(world)
    assert "FunctionError" not in answered, payload
    return json.loads(payload)["deleted"]


def invoked(world):
    functions = world.client("lambda")
    answered = functions.invoke(FunctionName=world.function_named("DeleteModels"), Payload=b"{}")
    return answered, answered["Payload"].read().decode()


def there(world):
    """The versions whose models Bedrock has."""
    summaries = world.client("bedrock").list_custom_models()["modelSummaries"]
    arns = {each["modelArn"] for each in summaries}
    registry = world.account.registry
    models = [registry.version(RECIPE, number) for number in range(1, VERSIONS + 1)]
    return [each.version for each in models if each.model_arn in arns]


def listed(world, command):
    said = tuning(world, *command, "--format", "json")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_what_is_beyond_is_listed_then_deleted_and_what_is_live_and_was_before_is_there(keeping):
    beyond = listed(keeping, ("costs",))["beyond"]
    assert [(each["versions"], each["usd_per_month"]) for each in beyond] == [([1, 2], "3.90")]
    assert a_round(keeping) == {RECIPE: [1, 2]}
    assert there(keeping) == [3, 4, 5]
    assert a_round(keeping) == {}
    assert listed(keeping, ("costs",))["beyond"] == []
    releases = listed(keeping, ("releases", RECIPE))["releases"]
    assert [each["status"] for each in releases] == ["live", "before", "held", "deleted", "deleted"]
    notice = until(lambda: sent(keeping, "2 models deleted"), "the notice")
    assert "which saves $3.90 a month" in notice["Message"]


def sent(world, words):
    got = world.client("sqs").receive_message(QueueUrl=world.inbox, MaxNumberOfMessages=10)
    world.notices.extend(json.loads(each["Body"]) for each in got.get("Messages", []))
    return next((each for each in world.notices if words in each["Subject"]), None)


def test_afterwards_a_deleted_version_is_refused_and_a_rollback_brings_back_what_was_before(
    keeping,
):
    a_round(keeping)
    said = tuning(keeping, "promote", RECIPE, "1")
    assert said.returncode != 0
    assert "version 1 was deleted on" in said.stderr
    assert "tuning retrain" in said.stderr
    said = tuning(keeping, "rollback", RECIPE)
    assert said.returncode == 0, said.stdout + said.stderr
    assert LiveModels(ledger=keeping.account.ledger).read(RECIPE).version == 4


def test_a_model_with_another_environments_tag_is_not_the_functions_to_delete(keeping):
    a_round(keeping)
    bedrock = keeping.client("bedrock")
    model = keeping.account.registry.version(RECIPE, 3)
    tag = {"key": "environment", "value": "prod"}
    bedrock.tag_resource(resourceARN=model.model_arn, tags=[tag])
    trained(keeping, VERSIONS + 1)
    answered, payload = invoked(keeping)
    assert "FunctionError" in answered, "somebody has to look at it"
    assert f"not deleted: {model.id}" in payload
    assert 3 in there(keeping)
    releases = listed(keeping, ("releases", RECIPE))["releases"]
    (third,) = [each for each in releases if each["version"] == 3]
    assert third["deletion"]["state"] == "withdrawn"
    assert "AccessDeniedException" in third["deletion"]["why"]


def test_where_no_recipe_says_so_nothing_is_deleted(world):
    """Nor may it be: the function has not the right."""
    before = world.client("bedrock").list_custom_models()["modelSummaries"]
    assert a_round(world) == {}
    assert world.client("bedrock").list_custom_models()["modelSummaries"] == before
