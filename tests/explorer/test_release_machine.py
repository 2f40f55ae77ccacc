"""The Release state machine as it is synthesized, with the real functions and the emulated Bedrock."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from emulated_world import EAST
from fake_aws import FakeDynamoDB, FakeStepFunctions
from machine import Execution, Failed
from recipe_refusal_cases import refusal
from release_world import RECIPE, Releasing

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import begin_release, deploy_model, finish_release, verify_release
from tuning.aws import clients
from tuning.aws.transient import Transient
from tuning.releases.release_steps import deployment_name

HANDLERS = {
    "{BeginReleaseFunction}": begin_release,
    "{DeployModelFunction}": deploy_model,
    "{VerifyReleaseFunction}": verify_release,
    "{FinishReleaseFunction}": finish_release,
}
NAME = deployment_name("dev", "support")
CALLS = 60
"""More than any of these histories has."""


class Around:
    """What an execution sees. `dies` is the number of the invocation in which the process dies, after its
    work or before; `killed` that before which somebody ends the execution.
    """

    def __init__(self, releasing, *, dies=None, after=False, killed=None):
        self.releasing, self.dies, self.after, self.killed = releasing, dies, after, killed
        self.notices, self.invoked, self.number = [], [], 0

    def perform(self, resource, arguments, _limit):
        if resource.endswith("sns:publish"):
            self.notices.append((arguments["Subject"], arguments["Message"]))
            return {}
        assert resource.endswith("lambda:invoke")
        self.number += 1
        if self.number == self.killed:
            raise KeyboardInterrupt
        if self.number == self.dies and not self.after:
            raise Failed("Runtime.ExitError", "died")
        self.invoked.append(arguments["FunctionName"])
        try:
            handler = HANDLERS[arguments["FunctionName"]].handler
            answer = handler(arguments["Payload"], self.releasing.context)
        except (ClientError, Transient) as error:
            raise Failed(type(error).__name__, str(error)) from error
        if self.number == self.dies:
            raise Failed("Runtime.ExitError", "died")
        return {"Payload": json.loads(json.dumps(answer))}

    def sleep(self, seconds):
        self.releasing.world.seconds += float(seconds)

    def moment(self):
        return "2026-11-23T07:00:00.000Z"

    def jitter(self, most):
        return most


@pytest.fixture
def releasing(monkeypatch):
    aws = SimpleNamespace(dynamodb=FakeDynamoDB(), stepfunctions=FakeStepFunctions())
    context = SimpleNamespace(
        function_name="function",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
        aws_request_id="11111111-2222-3333-4444-555555555555",
        get_remaining_time_in_millis=lambda: 60_000,
    )
    monkeypatch.setattr(clients, "create", lambda service, _region: getattr(aws, service))
    clients.client.cache_clear()
    for name, value in {
        "ENVIRONMENT": "dev",
        "LEDGER_TABLE": "ledger",
        "RELEASE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:Release",
    }.items():
        monkeypatch.setenv(name, value)
    for handler in HANDLERS.values():
        if hasattr(handler, "_settings"):
            handler._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
    yield Releasing(aws, context)
    clients.client.cache_clear()


@pytest.fixture
def run(releasing, definitions):
    def run(request, **faults):
        around = Around(releasing, **faults)
        releasing.steps.executions[request.execution] = "{}"
        execution = Execution(
            definition=definitions["ReleaseMachine"],
            name=request.execution,
            given=request.to_json(),
            world=around,
        )
        try:
            end = execution.run()
        except KeyboardInterrupt:
            end = None
        releasing.steps.end(request.execution, end.status if end else "ABORTED")
        return end, around

    return run


def live_model(releasing):
    if NAME not in releasing.held():
        return None
    return releasing.engine.deployments.find(EAST, NAME).model.arn


def consistent(releasing):
    """What is recorded is what answers, nothing else is deployed, and nobody holds the recipe."""
    live = releasing.live
    model = releasing.registry.version(RECIPE, live.version) if live.version else None
    assert live.change is None
    assert live_model(releasing) == (model and model.model_arn)
    assert set(releasing.held()) <= {NAME}


def test_a_version_goes_live_and_its_owners_are_notified(releasing, run):
    releasing.trained()
    end, around = run(releasing.request(1, kind="release"))
    assert end.status == "SUCCEEDED"
    assert around.notices == [
        ("release of support version 1: released", "It answers. Of support, version 1 is live.")
    ]
    assert releasing.live.version == 1
    consistent(releasing)


def test_what_is_refused_succeeds_as_refused_and_changes_nothing(releasing, run):
    releasing.trained()
    end, around = run(releasing.request(7))
    assert (end.status, around.notices[0][0]) == (
        "SUCCEEDED",
        "promote of support version 7: refused",
    )
    assert releasing.held() == []


def test_a_failed_update_is_a_failed_execution_that_says_what_is_live(releasing, run):
    releasing.trained(), releasing.trained()
    run(releasing.request(1))
    releasing.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    end, around = run(releasing.request(2))
    assert end.status == "FAILED"
    assert "version 1 is live" in around.notices[0][1]
    consistent(releasing)


@pytest.mark.parametrize("before", [True, False], ids=["one before it", "none before it"])
def test_a_model_that_does_not_answer_gives_way(releasing, run, before):
    models = [releasing.trained(), releasing.trained()]
    if before:
        run(releasing.request(1))
    releasing.runtime.silent.add(models[1].model_arn)
    end, around = run(releasing.request(2))
    assert end.status == "FAILED"
    assert "It did not answer" in around.notices[0][1]
    assert releasing.live.version == (1 if before else None)
    consistent(releasing)


@pytest.mark.parametrize("after", [False, True], ids=["before its work", "after its work"])
@pytest.mark.parametrize("first", [False, True], ids=["an update", "a creation"])
def test_a_function_that_dies_once_changes_nothing_about_the_end(releasing, run, first, after):
    """Wherever it dies, and whether it had done its work."""
    releasing.trained(), releasing.trained()
    if not first:
        run(releasing.request(1))
    version = 2
    for number in range(1, CALLS):
        request = releasing.request(version)
        end, around = run(request, dies=number, after=after)
        assert end.status == "SUCCEEDED", (number, end)
        assert len(around.notices) == 1
        assert releasing.live.version == version
        consistent(releasing)
        if around.number < number:
            return  # it died nowhere: every call was struck
        if first:
            releasing.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=NAME)
        version = 2 if first else 3 - version
    raise AssertionError("a history without end")


def test_whatever_was_killed_the_next_release_puts_in_order(releasing, run):
    """At each invocation somebody ends the execution; the next one takes over, at once or late."""
    releasing.trained(), releasing.trained()
    run(releasing.request(1))
    for number in range(1, CALLS):
        request = releasing.request(2)
        end, _ = run(request, killed=number)
        again = releasing.request(1, by="arn:bob")
        ended, _ = run(again)
        assert ended.status == "SUCCEEDED", (number, ended)
        assert releasing.live.version == 1
        consistent(releasing)
        if end is not None:
            return
    raise AssertionError("a history without end")


def test_a_fault_that_does_not_pass_ends_recorded_and_notified(releasing, run, monkeypatch):
    releasing.trained()

    def denied(**_given):
        raise refusal("AccessDeniedException", "GetCustomModelDeployment", 403, "not allowed")

    monkeypatch.setattr(releasing.bedrock, "create_custom_model_deployment", denied, raising=False)
    end, around = run(releasing.request(1))
    assert end.status == "FAILED"
    assert "not allowed" in around.notices[0][1]
    assert releasing.live.change is None
