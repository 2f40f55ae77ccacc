"""Of two releases at once one changes what is live, whichever is late; and a fault is no answer."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError
from interleaved import before
from recipe_refusal_cases import exceptions, refusal
from release_world import RECIPE

from lambdas import finish_release, verify_release
from tuning.aws.asking import ask_model
from tuning.aws.executions import Executions
from tuning.aws.live_models import Ended, LiveModels
from tuning.aws.model_deployments import DeploymentRefusedError, ModelDeployments
from tuning.aws.transient import Transient
from tuning.releases.live_model import Change
from tuning.releases.release_steps import deployment_name


def change(execution, version=1):
    return Change(execution=execution, version=version, kind="promote", by="arn:ann", started_at="")


def begin(releasing, execution, *, seen=0, ended=lambda _: False):
    return releasing.lives.begin(RECIPE, seen, change(execution), ended=ended)


def test_of_two_first_releases_at_once_one_begins(releasing):
    with before(releasing.dynamodb, "update_item", lambda: begin(releasing, "first")):
        assert begin(releasing, "second") is None
    assert releasing.live.change.execution == "first"


@pytest.fixture
def released(releasing):
    """Version 1 is live, at revision 1."""
    releasing.trained(), releasing.trained()
    releasing.release(releasing.request(1))
    assert releasing.live.revision == 1
    return releasing


def test_of_two_later_releases_at_once_one_begins(released):
    with before(released.dynamodb, "update_item", lambda: begin(released, "first", seen=1)):
        assert begin(released, "second", seen=1) is None
    assert released.live.change.execution == "first"


def came_to():
    return Ended(version=2, arn="arn", last="", released=True)


def test_a_release_that_began_and_ended_meanwhile_makes_the_other_late(released):
    def whole():
        assert begin(released, "first", seen=1)
        released.lives.end(released.live, "first", came_to())

    with before(released.dynamodb, "update_item", whole):
        assert begin(released, "second", seen=1) is None
    assert (released.live.version, released.live.change) == (2, None)


def test_of_two_that_take_over_a_killed_release_one_does(released):
    begin(released, "killed", seen=1)
    took = lambda: begin(released, "first", seen=1, ended=lambda name: name == "killed")  # noqa: E731
    with before(released.dynamodb, "update_item", took):
        assert begin(released, "second", seen=1, ended=lambda _: True) is None
    assert released.live.change.execution == "first"


def test_who_was_taken_over_records_nothing(released):
    """Its execution was thought to have ended, and reads what is live before the other writes."""
    begin(released, "late", seen=1)
    live = released.live
    begin(released, "next", seen=1, ended=lambda _: True)
    assert released.lives.end(live, "late", came_to()) is False
    assert released.live.change.execution == "next"
    assert released.live.version == 1


def test_what_is_live_is_changed_by_its_own_execution_only(released):
    begin(released, "mine", seen=1)
    assert released.lives.end(released.live, "other", came_to()) is False


def test_a_table_that_throttles_is_no_lost_race(released):
    def update_item(**_given):
        raise refusal("ThrottlingException", "UpdateItem", 400)

    released.dynamodb.update_item = update_item
    with pytest.raises(Exception, match="ThrottlingException"):
        begin(released, "first", seen=1)


def failing(operation, error):
    """A client whose one operation fails so; its classes of errors are botocore's."""
    known = exceptions("ExecutionDoesNotExist", "ResourceNotFoundException")
    client = SimpleNamespace(exceptions=known)

    def fail(**_given):
        raise error

    setattr(client, operation, fail)
    return lambda _service: client


DENIED = refusal("AccessDeniedException", "Operation", 403)
UNREACHABLE = EndpointConnectionError(endpoint_url="https://bedrock")


@pytest.mark.parametrize("error", [DENIED, UNREACHABLE])
def test_a_fault_is_no_deployment_that_is_gone(error):
    client = failing("get_custom_model_deployment", error)
    with pytest.raises(type(error)):
        ModelDeployments(client=client).find("live")


def test_what_bedrock_refuses_differs_from_a_network_that_is_gone():
    update = "update_custom_model_deployment"
    with pytest.raises(DeploymentRefusedError, match="AccessDenied"):
        ModelDeployments(client=failing(update, DENIED)).update("live", "arn")
    with pytest.raises(type(UNREACHABLE)):
        ModelDeployments(client=failing(update, UNREACHABLE)).update("live", "arn")


def test_an_execution_that_cannot_be_described_has_not_ended():
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Release"
    client = failing("describe_execution", DENIED)
    with pytest.raises(type(DENIED)):
        Executions(machine=machine, client=client).has_ended("release")
    gone = failing("describe_execution", refusal("ExecutionDoesNotExist"))
    assert Executions(machine=machine, client=gone).has_ended("release")


@pytest.mark.parametrize(
    "error", [refusal("ThrottlingException", "Converse", 429), UNREACHABLE], ids=str
)
def test_a_question_that_did_not_arrive_is_no_model_that_is_silent(releasing, error):
    def converse(**_given):
        raise error

    releasing.runtime.converse = converse
    with pytest.raises(Transient):
        verify_release.handler({"deployment": {"state": "active", "arn": "arn"}}, releasing.context)


def test_an_outcome_without_a_deployment_is_that_nothing_is_live(released):
    """Somebody has deleted it beside the platform."""
    request = released.request(2)
    released.begin(request)
    name = deployment_name("dev", RECIPE)
    released.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=name)
    outcome = {"state": "failed", "summary": "It is gone."}
    event = {"request": request.to_json(), "execution": request.execution, "outcome": outcome}
    said = finish_release.handler(event, released.context)
    assert (said["version"], released.live.version) == (None, None)


def test_what_a_killed_release_has_deployed_is_live_though_the_next_never_asks_for_it(released):
    """Version 3 answers, of which neither the next request nor the record speaks."""
    model = released.trained()
    killed = released.request(3)
    start = released.begin(killed)
    assert released.deploy(start, start["target"])["state"] == "active"
    released.steps.end(killed.execution, "ABORTED")
    request = released.request(2)
    assert released.begin(request)["before"] == model.model_arn
    outcome = {"state": "failed", "summary": "A step failed."}
    event = {"request": request.to_json(), "execution": request.execution, "outcome": outcome}
    said = finish_release.handler(event, released.context)
    assert (said["version"], released.live.version, released.live.before) == (3, 3, 1)


def test_nothing_is_live_of_a_recipe_that_was_never_released(releasing):
    lives = LiveModels(ledger=releasing.ledger)
    assert (lives.read("refunds").revision, lives.read("refunds").version) == (0, None)


def test_the_answer_of_a_model_is_its_text_whatever_else_comes_with_it(releasing):
    parts = [{"reasoningContent": {}}, {"text": "Rea"}, {"text": "dy."}]
    releasing.runtime.converse = lambda **_: {"output": {"message": {"content": parts}}}
    client = lambda _service: releasing.runtime  # noqa: E731
    assert ask_model("arn", "ready?", most_tokens=8, client=client) == "Ready."
