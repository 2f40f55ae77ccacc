"""From a trained run to a model that answers, to a second version and back, on the emulated account."""

import json

import pytest
from accounts import conversations, tuning
from patience import until

from tuning.aws.live_models import LiveModels
from tuning.releases.release_steps import deployment_name

RECIPE = "support-nova-micro"
NAME = deployment_name("dev", RECIPE)


@pytest.fixture(scope="module")
def runs(world):
    """Two that are trained, of one recipe; all releases of this file are of their models."""
    return [
        world.ended(world.upload(conversations(about), f"{RECIPE}/{about}"))
        for about in ("Released", "Improved")
    ]


def asked(world, *words):
    """The ARN of the execution that a command starts."""
    made = tuning(world, *words, "--no-wait", "--format", "json")
    assert made.returncode == 0, made.stderr
    machine = world.account.outputs["ReleaseMachine"]
    name = json.loads(made.stdout)["execution"]
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def released(world, *words):
    """How the execution of a command ends."""
    arn, steps = asked(world, *words), world.client("stepfunctions")

    def ended():
        found = steps.describe_execution(executionArn=arn)
        return found["status"] if found["status"] != "RUNNING" else None

    return until(ended, f"the end of {arn}")


def answering(world):
    bedrock = world.client("bedrock")
    return bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=NAME)


def live(world):
    return LiveModels(ledger=world.account.ledger).read(RECIPE)


def costs(world):
    """Of this file's models: others have been trained in the account too."""
    made = tuning(world, "costs", "--format", "json")
    assert made.returncode == 0, made.stderr
    ours = {live(world).version, live(world).before}
    return {
        (each["kind"], each["version"], each["status"], each["usd_per_month"])
        for each in json.loads(made.stdout)["costs"]
        if each["recipe"] == RECIPE and each["version"] in ours
    }


def test_a_first_deployment_that_fails_leaves_nothing_and_is_recorded(world, runs):
    world.instance.add_fault(kind="fail", phase="Deployment", jobs=NAME, times=1)
    assert released(world, "release", runs[0].id) == "FAILED"
    bedrock = world.client("bedrock")
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
        answering(world)
    assert "nothing is live" in live(world).last


def test_a_trained_model_goes_live_gives_way_to_a_second_and_comes_back(world, runs):
    assert released(world, "release", runs[0].id) == "SUCCEEDED"
    first = answering(world)
    assert (first["status"], first["modelArn"]) == ("Active", runs[0].model_arn)
    assert released(world, "release", runs[1].id) == "SUCCEEDED"
    second = answering(world)
    assert second["modelArn"] == runs[1].model_arn
    assert second["customModelDeploymentArn"] == first["customModelDeploymentArn"]
    assert released(world, "rollback", RECIPE) == "SUCCEEDED"
    assert answering(world)["modelArn"] == runs[0].model_arn
    now = live(world)
    assert costs(world) == {
        ("custom model", now.version, "live", "1.95"),
        ("custom model", now.before, "before", "1.95"),
        ("deployment on demand", now.version, "live", "0"),
    }
    question = conversations("Released")[3]["messages"][0]["content"][0]["text"]
    made = tuning(world, "ask", RECIPE, question, "--format", "json")
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    assert said["deployment_arn"] == first["customModelDeploymentArn"]
    assert said["answer"] == "Released, answer 3."


@pytest.mark.usefixtures("runs")
def test_a_release_that_somebody_ended_is_taken_over_by_the_next(world):
    world.instance.add_fault(kind="throttle", operation="UpdateCustomModelDeployment")
    try:
        arn = asked(world, "promote", RECIPE, str(live(world).before))
        until(lambda: live(world).change, "the change to be under way")
        world.client("stepfunctions").stop_execution(executionArn=arn)
    finally:
        world.instance.clear_faults()
    assert live(world).change
    assert released(world, "rollback", RECIPE) == "SUCCEEDED"
    assert live(world).change is None
