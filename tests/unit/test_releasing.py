"""Releasing, promoting and rolling back: one model is live, whatever fails, and it is known which."""

import pytest
from emulated_world import EAST
from release_world import RECIPE

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import finish_release
from tuning.aws.transient import Transient
from tuning.releases.release_request import NotReleasableError, ReleaseRequest
from tuning.releases.release_steps import deployment_name

NAME = deployment_name("dev", RECIPE)


def live_model(releasing):
    found = releasing.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=NAME)
    return found["modelArn"]


def test_the_first_version_is_deployed_and_a_later_one_takes_its_place_under_the_same_arn(
    releasing,
):
    first, second = releasing.trained(), releasing.trained()
    assert releasing.release(releasing.request(1, kind="release"))["state"] == "released"
    arn = releasing.live.deployment_arn
    assert live_model(releasing) == first.model_arn
    assert releasing.release(releasing.request(2))["version"] == 2
    live = releasing.live
    assert (live.version, live.before, live.deployment_arn, live.change) == (2, 1, arn, None)
    assert live_model(releasing) == second.model_arn
    assert releasing.held() == [NAME]


def test_a_deployment_says_of_which_environment_and_recipe_it_is(releasing):
    """Its tags are what the callers' policy knows it by."""
    releasing.trained()
    releasing.release(releasing.request(1))
    tags = releasing.engine.deployments.find(EAST, NAME).tags
    assert tags == {"tuning:environment": "dev", "tuning:recipe": RECIPE}


def test_a_rollback_goes_to_what_answered_before_and_back(releasing):
    releasing.trained(), releasing.trained()
    for version in (1, 2):
        releasing.release(releasing.request(version))
    releasing.release(ReleaseRequest.rollback(releasing.live, None, by="arn:ann"))
    assert (releasing.live.version, releasing.live.before) == (1, 2)
    releasing.release(ReleaseRequest.rollback(releasing.live, None, by="arn:ann"))
    assert (releasing.live.version, releasing.live.before) == (2, 1)


def test_a_rollback_of_nothing_or_to_nothing_says_so(releasing):
    releasing.trained()
    with pytest.raises(NotReleasableError, match="nothing is live"):
        ReleaseRequest.rollback(releasing.live, None, by="arn:ann")
    releasing.release(releasing.request(1))
    with pytest.raises(NotReleasableError, match="is the first that was live"):
        ReleaseRequest.rollback(releasing.live, None, by="arn:ann")
    with pytest.raises(NotReleasableError, match="version 1 is live already"):
        ReleaseRequest.rollback(releasing.live, 1, by="arn:ann")


def test_a_failed_update_leaves_the_old_model_live_and_says_so(releasing):
    first, _ = releasing.trained(), releasing.trained()
    releasing.release(releasing.request(1))
    releasing.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    outcome = releasing.release(releasing.request(2))
    assert outcome["state"] == "failed"
    assert "version 1 is live" in outcome["summary"]
    assert (releasing.live.version, live_model(releasing)) == (1, first.model_arn)
    assert releasing.release(releasing.request(2))["version"] == 2  # asked anew, it is tried anew


def test_a_first_deployment_that_fails_is_removed(releasing):
    releasing.trained()
    releasing.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    outcome = releasing.release(releasing.request(1))
    assert (outcome["state"], releasing.held()) == ("failed", [])
    assert "nothing is live" in outcome["summary"]
    assert releasing.live.version is None


def test_a_model_that_does_not_answer_gives_way_to_the_one_before(releasing):
    first, second = releasing.trained(), releasing.trained()
    releasing.release(releasing.request(1))
    releasing.runtime.silent.add(second.model_arn)
    outcome = releasing.release(releasing.request(2))
    assert (outcome["state"], outcome["version"]) == ("failed", 1)
    assert live_model(releasing) == first.model_arn


def test_a_first_model_that_does_not_answer_is_removed(releasing):
    model = releasing.trained()
    releasing.runtime.silent.add(model.model_arn)
    assert releasing.release(releasing.request(1))["state"] == "failed"
    assert (releasing.held(), releasing.live.version) == ([], None)


def test_the_model_that_is_live_is_not_removed_when_it_does_not_answer(releasing):
    """Promoted once more, it has nothing to give way to."""
    model = releasing.trained()
    releasing.release(releasing.request(1))
    releasing.runtime.silent.add(model.model_arn)
    assert releasing.release(releasing.request(1))["state"] == "failed"
    assert (releasing.held(), releasing.live.version) == ([NAME], 1)


def test_of_two_people_one_changes_what_is_live(releasing):
    """Both saw the same; who comes second reads by whom it changes."""
    releasing.trained(), releasing.trained()
    releasing.release(releasing.request(1))
    anns, bobs = (
        releasing.request(2, by="arn:ann"),
        ReleaseRequest.promotion(releasing.live, 1, kind="rollback", by="arn:bob"),
    )
    assert releasing.begin(anns)["state"] == "begun"
    refused = releasing.begin(bobs)
    assert refused["state"] == "refused"
    assert "version 2 is being released by arn:ann" in refused["why"]
    assert releasing.begin(anns)["state"] == "begun"  # tried again, as after a lost answer


def test_an_execution_of_another_name_speaks_for_no_release(releasing):
    """Whoever may start executions may start one with the input of another."""
    releasing.trained(), releasing.trained()
    request = releasing.request(2)
    assert releasing.begin(request)["state"] == "begun"
    assert releasing.begin(request, execution="forged")["state"] == "refused"
    outcome = {"state": "released", "summary": "It answers."}
    event = {"request": request.to_json(), "execution": "forged", "outcome": outcome}
    finish_release.handler(event, releasing.context)
    assert releasing.live.change.execution == request.execution


def test_a_change_of_what_somebody_saw_before_is_refused(releasing):
    releasing.trained(), releasing.trained()
    late = releasing.request(1)
    releasing.release(releasing.request(2))
    assert "no longer what you saw" in releasing.release(late)["summary"]
    assert releasing.live.version == 2


def test_a_release_that_was_killed_is_taken_over(releasing):
    """Its execution has ended and recorded nothing, with the update under way."""
    releasing.trained(), releasing.trained()
    releasing.release(releasing.request(1))
    killed = releasing.request(2)
    start = releasing.begin(killed)
    releasing.bedrock.update_custom_model_deployment(
        customModelDeploymentIdentifier=NAME, modelArn=start["target"]
    )
    releasing.steps.end(killed.execution, "ABORTED")
    assert releasing.release(releasing.request(1, by="arn:bob"))["state"] == "released"
    assert (releasing.live.version, releasing.live.change) == (1, None)


@pytest.mark.parametrize(
    "operation", ["CreateCustomModelDeployment", "UpdateCustomModelDeployment"]
)
def test_an_answer_that_is_lost_asks_for_nothing_twice(releasing, operation):
    releasing.trained(), releasing.trained()
    if operation.startswith("Update"):
        releasing.release(releasing.request(1))
    request = releasing.request(2)
    start = releasing.begin(request)
    releasing.bedrock.lost.add(operation)
    with pytest.raises(Transient):
        releasing.deploy(start, start["target"])
    assert releasing.deploy(start, start["target"])["state"] == "active"
    assert releasing.bedrock.calls.count(operation) == 1


def test_a_full_quota_is_waited_for_and_not_for_ever(releasing):
    model = releasing.trained()
    others = [
        releasing.bedrock.create_custom_model_deployment(
            modelDeploymentName=f"other-{number}", modelArn=model.model_arn
        )
        for number in range(2)
    ]
    assert others
    start = releasing.begin(releasing.request(1))
    assert releasing.deploy(start, start["target"])["state"] == "active"


def test_a_quota_that_stays_full_ends_the_release(releasing):
    model = releasing.trained()
    for number in range(10):
        releasing.bedrock.create_custom_model_deployment(
            modelDeploymentName=f"other-{number}", modelArn=model.model_arn
        )
        releasing.world.seconds += 3600
    outcome = releasing.release(releasing.request(1))
    assert outcome["state"] == "failed"
    assert "quota" in outcome["summary"]
    assert releasing.live.change is None


def test_a_base_that_cannot_be_served_on_demand_is_refused_before_anything_is_made(releasing):
    releasing.trained()
    releasing.dynamodb.items["model#support#1"]["base_model"] = (
        "meta.llama3-1-8b-instruct-v1:0:128k"
    )
    assert "on demand" in releasing.release(releasing.request(1))["summary"]
    assert (releasing.held(), releasing.live.revision) == ([], 0)


def test_a_version_that_is_not_there_is_refused(releasing):
    assert f"{RECIPE} has no version 7" in releasing.release(releasing.request(7))["summary"]
