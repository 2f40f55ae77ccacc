"""One step towards a deployment: what is done for what is there, and what a refusal of Bedrock means."""

import re

import pytest
from emulated_world import EAST

from lambdas import begin_release, deploy_model, finish_release
from tuning.releases.deployment_status import DeploymentStatus, todo
from tuning.releases.go_ahead import GoAhead
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import deployment_name

NAME = deployment_name("dev", "support")


def found(status="active", model="old", **changes):
    return DeploymentStatus(arn="arn", model_arn=model, status=status, **changes)


UPDATING = {"update": "updating", "next_model": "new"}
REFUSED = {"update": "updatefailed", "next_model": "new"}


@pytest.mark.parametrize(
    ("there", "asked", "then"),
    [
        (None, False, "create"),
        (None, True, "failed"),  # it is gone, though it was asked for
        (found("creating", "new"), True, "wait"),
        (found(**UPDATING), True, "wait"),
        (found("failed", "new"), False, "delete"),
        (found("failed", "new"), True, "delete"),
        (found(), False, "update"),
        (found(model="new"), True, "done"),
        (found(**REFUSED), True, "failed"),
        (found(**REFUSED), False, "update"),  # of an earlier release
        # An update to another model has failed, or one to this is said to be complete: neither is our failure.
        (found(update="updatefailed", next_model="other"), True, "update"),
        (found(update="updatecompleted", next_model="new"), True, "update"),
    ],
)
def test_what_is_to_be_done_for_a_model_to_answer(there, asked, then):
    assert todo(there, "new", asked=asked) == then


@pytest.mark.parametrize(
    ("there", "then"),
    [(None, "done"), (found("creating"), "wait"), (found(**UPDATING), "wait"), (found(), "delete")],
)
@pytest.mark.parametrize("asked", [True, False])
def test_what_is_to_be_done_for_nothing_to_answer(there, then, asked):
    assert todo(there, None, asked=asked) == then


def step(releasing, target, **before):
    start = {"state": "begun", "deployment": NAME, "recipe": "support", "token": "t" * 32}
    event = {"release": start, "target": target, "deployment": before}
    return deploy_model.handler(event, releasing.context)


def deployed(releasing, *, fails=False):
    """A model of the recipe that is live, or whose deployment has failed."""
    model = releasing.trained()
    releasing.bedrock.create_custom_model_deployment(
        modelDeploymentName=NAME, modelArn=model.model_arn
    )
    releasing.world.seconds += 3600
    if fails:
        releasing.engine.deployments.find(EAST, NAME).status = "Failed"
    return model


def test_a_deployment_that_an_earlier_release_left_failed_is_made_anew(releasing):
    model = deployed(releasing, fails=True)
    removed = step(releasing, model.model_arn)
    assert (removed["state"], releasing.held()) == ("in_progress", [])
    step(releasing, model.model_arn, **removed)
    assert releasing.held() == [NAME]


def test_ones_own_failed_deployment_is_removed_and_ends_the_release(releasing):
    model = deployed(releasing, fails=True)
    said = step(releasing, model.model_arn, state="in_progress", asked=True)
    assert (said["state"], releasing.held()) == ("failed", [])


def test_what_is_to_go_is_deleted_and_then_gone_also_when_it_was_asked_for(releasing):
    deployed(releasing)
    assert step(releasing, None, state="in_progress", asked=True)["state"] == "in_progress"
    assert step(releasing, None, state="in_progress", asked=True)["state"] == "removed"


def test_it_waits_for_as_many_polls_as_it_says_and_no_more(releasing):
    model = releasing.trained()
    releasing.bedrock.create_custom_model_deployment(
        modelDeploymentName=NAME, modelArn=model.model_arn
    )
    said, polls = {}, 0
    while (said := step(releasing, model.model_arn, **said))["state"] == "in_progress":
        polls += 1
        assert said["tries"] == polls
    assert (said["state"], polls) == ("failed", deploy_model.MOST_TRIES)
    assert f"after {deploy_model.MOST_TRIES} polls" in said["failure"]
    releasing.world.seconds += 3600
    now = step(releasing, model.model_arn, state="in_progress", tries=deploy_model.MOST_TRIES)
    assert (now["state"], now.get("tries", 0)) == ("active", 0)


def test_a_deployment_that_somebody_is_changing_is_waited_for(releasing, monkeypatch):
    """Between the look and the call; Bedrock says so in words alone."""
    model, other = deployed(releasing), releasing.trained()
    look = type(releasing.bedrock).__getattr__(releasing.bedrock, "get_custom_model_deployment")

    def then_somebody_changes_it(**given):
        answer = look(**given)
        releasing.engine.call(
            "UpdateCustomModelDeployment",
            EAST,
            {"customModelDeploymentIdentifier": NAME, "modelArn": other.model_arn},
        )
        return answer

    monkeypatch.setattr(
        releasing.bedrock, "get_custom_model_deployment", then_somebody_changes_it, raising=False
    )
    said = step(releasing, None)
    assert said["state"] == "in_progress"
    assert "mutating state" in said["failure"]
    assert model.model_arn != other.model_arn


def test_what_bedrock_refuses_for_another_reason_ends_the_release_in_its_words(releasing):
    said = step(
        releasing, "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/aaaaaaaaaaaa"
    )
    assert said["state"] == "failed"
    assert re.match(r"\w+: .+", said["failure"])


def test_nothing_goes_live_by_nobodys_word(releasing):
    releasing.trained()
    request = ReleaseRequest(
        recipe="support", version=1, seen=0, kind="promote", go_ahead=GoAhead()
    )
    event = {"request": request.to_json(), "execution": request.execution}
    said = begin_release.handler(event, releasing.context)
    assert said["state"] == "refused"
    assert "version 1 may not go live: neither a person nor the gate" in said["why"]
    assert releasing.live.change is None


@pytest.mark.parametrize(("state", "metric"), [("released", "Released"), ("failed", "NotReleased")])
def test_an_outcome_is_counted_once_by_what_it_was(releasing, written, state, metric):
    releasing.trained()
    request = releasing.request(1)
    releasing.begin(request)
    outcome = {"state": state, "summary": "It ended."}
    event = {"request": request.to_json(), "execution": request.execution, "outcome": outcome}
    finish_release.handler(event, releasing.context)
    text = written()
    assert f'"{metric}":[1.0]' in text.replace(" ", "")
    finish_release.handler(event, releasing.context)  # tried again, as after a lost answer
    assert written().replace(" ", "").count(f'"{metric}":[1.0]') == 1


def test_the_name_of_an_execution_leaves_room_for_the_longest_recipe():
    request = ReleaseRequest(
        recipe="a" * 40, version=1, seen=0, kind="promote", go_ahead=GoAhead(by="arn:ann")
    )
    assert re.fullmatch(r"a{40}-[0-9a-f]{20}", request.execution)
