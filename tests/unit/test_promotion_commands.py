"""Releasing, promoting and rolling back, as typed; AWS is in dictionaries."""

import json
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace

import pytest
from cli_world import lay, lay_account, left
from domain_builders import RELEASE_MACHINE as MACHINE
from emulated_world import NOVA
from msgspec import structs
from recipe_refusal_cases import refusal
from release_world import RECIPE, Releasing

from tuning.cli.account import Account
from tuning.cli.aws_errors import AccountError
from tuning.cli.promotion_commands import promote_command, release_command, rollback_command
from tuning.releases.go_ahead import GoAhead
from tuning.releases.model_deletion import DeletedModelError, ModelDeletion
from tuning.releases.release_request import NotReleasableError, ReleaseRequest


class Machine:
    """Does at once what an execution would; `lives` keeps executions from it."""

    def __init__(self, releasing):
        self.releasing, self.ended, self.idle = releasing, {}, False
        self.fault = self.fault_of_descriptions = None
        self.exceptions = releasing.steps.exceptions

    def start_execution(self, *, stateMachineArn, name, input):  # noqa: A002, N803 — AWS's names
        assert stateMachineArn == MACHINE
        if self.fault:
            raise self.fault
        if name in self.ended:
            raise self.exceptions.ExecutionAlreadyExists({"Error": {}}, "StartExecution")
        request = ReleaseRequest.from_json(json.loads(input))
        assert request.execution == name
        self.ended[name] = None if self.idle else self.releasing.release(request)

    def describe_execution(self, *, executionArn):  # noqa: N803 — AWS's name
        name = executionArn.rsplit(":", 1)[-1]
        if self.fault_of_descriptions:
            raise self.fault_of_descriptions
        if name not in self.ended:
            raise self.exceptions.ExecutionDoesNotExist({"Error": {}}, "DescribeExecution")
        said, known = self.ended[name], {"name": name, "input": "{}"}
        if said is None:
            return {**known, "status": "RUNNING"}
        if said["state"] == "failed":
            return {**known, "status": "FAILED", "cause": said["summary"]}
        return {**known, "status": "SUCCEEDED", "output": json.dumps(said)}


@pytest.fixture
def releasing(aws, context, monkeypatch):
    made = Releasing(aws, context)
    people = SimpleNamespace(
        dynamodb=aws.dynamodb,
        stepfunctions=Machine(made),
        sts=SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:ann"}),
    )
    lay_account(people, monkeypatch, LedgerTable="ledger", ReleaseMachine=MACHINE)
    made.machine = people.stepfunctions
    return made


def said(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_run_is_released_by_its_id(releasing, capsys):
    model = releasing.trained()
    lay(SimpleNamespace(dynamodb=releasing.dynamodb), int(model.run_id, 16), state="trained")
    assert left(release_command, run=model.run_id, shown="json") == 0
    assert said(capsys)["state"] == "released"
    assert releasing.live.version == 1


@pytest.mark.parametrize(
    ("base", "says"), [("meta.llama3-1-8b-instruct-v1:0:128k", True), (NOVA, False)]
)
def test_what_is_paid_by_the_hour_says_so_before_it_is_bought(releasing, capsys, base, says):
    releasing.registry.register(
        structs.replace(releasing.trained(), run_id="f" * 64, base_model=base)
    )
    left(promote_command, recipe=RECIPE, wait=False)
    assert ("is paid by the hour, for provisioned_hours" in capsys.readouterr().err) is says


def test_a_run_without_a_model_is_refused(releasing):
    run = lay(SimpleNamespace(dynamodb=releasing.dynamodb), 1, state="failed")
    with pytest.raises(NotReleasableError, match="is failed, and has no model"):
        release_command(run=run)


def test_the_newest_is_promoted_unless_one_is_named_and_rolled_back(releasing, capsys):
    releasing.trained(), releasing.trained(), releasing.trained()
    for given, live in (({}, 3), ({"version": 1}, 1)):
        assert left(promote_command, recipe=RECIPE, shown="json", **given) == 0
        assert (said(capsys)["version"], releasing.live.version) == (live, live)
    assert left(rollback_command, recipe=RECIPE, shown="json") == 0
    assert releasing.live.version == 3
    assert left(rollback_command, recipe=RECIPE, version=2, shown="json") == 0
    assert releasing.live.version == 2


def test_what_failed_or_is_refused_exits_with_1_and_says_why(releasing, capsys):
    model = releasing.trained()
    releasing.runtime.silent.add(model.model_arn)
    assert left(promote_command, recipe=RECIPE, shown="json") == 1
    assert "did not answer" in said(capsys)["message"]
    assert left(promote_command, recipe=RECIPE, version=7, shown="json") == 1
    assert "has no version 7" in said(capsys)["message"]


def test_a_change_that_was_not_made_can_be_asked_for_again(releasing, capsys):
    """Its execution ended before it began, and the name of an execution is taken for 90 days."""
    releasing.trained()
    base = releasing.dynamodb.items["model#support#1"]["base_model"]
    releasing.dynamodb.items["model#support#1"]["base_model"] = (
        "meta.llama3-1-8b-instruct-v1:0:128k"
    )
    assert left(promote_command, recipe=RECIPE, shown="json") == 1
    releasing.dynamodb.items["model#support#1"]["base_model"] = base
    assert left(promote_command, recipe=RECIPE, shown="json") == 0
    again = said(capsys)
    assert again["state"] == "released"
    request = ReleaseRequest(
        recipe=RECIPE, version=1, seen=0, kind="promote", go_ahead=GoAhead(by="arn:ann"), attempt=2
    )
    assert again["execution"] == request.execution


@pytest.mark.usefixtures("releasing")
def test_a_recipe_without_models_is_refused():
    with pytest.raises(NotReleasableError, match="no model of this recipe"):
        promote_command(recipe=RECIPE)


def test_who_does_not_wait_hears_whether_somebody_asked_before(releasing, capsys):
    releasing.trained()
    releasing.machine.idle = True
    for state in ("started", "asked for before"):
        assert left(promote_command, recipe=RECIPE, wait=False, shown="json") == 0
        assert said(capsys)["state"] == state


def test_an_execution_that_somebody_else_has_started_is_followed(releasing):
    """It was started between the look and the start, for the same change by another person."""
    releasing.trained()
    executions = Account.of("dev").releases
    request = ReleaseRequest.promotion(releasing.live, 1, kind="promote", by="arn:ann")
    releasing.machine.fault = releasing.machine.exceptions.ExecutionAlreadyExists(
        {"Error": {}}, "StartExecution"
    )
    assert executions.start(request) == (request, False)
    assert executions.outcome(request)[0] == "failed"  # it is gone, and says so


@pytest.mark.parametrize("member", ["fault", "fault_of_descriptions"])
def test_what_step_functions_refuses_is_no_answer(releasing, member):
    releasing.trained()
    denied = refusal("AccessDeniedException", "StartExecution", 400)
    setattr(releasing.machine, member, denied)
    with pytest.raises(AccountError, match="AccessDenied"):
        promote_command(recipe=RECIPE)


def test_an_execution_is_followed_until_it_has_ended(releasing):
    releasing.trained()
    releasing.machine.idle = True
    executions = Account.of("dev").releases
    request, _ = executions.start(releasing.request(1))
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            releasing.machine.ended[request.execution] = {"state": "refused", "summary": "No."}

    assert executions.outcome(request, pause=pause) == ("refused", "No.")
    assert pauses == [5.0] * 3


@pytest.mark.parametrize("command", ["promote", "rollback", "release"])
def test_a_version_that_was_deleted_is_refused_before_anything_is_started(releasing, command):
    first, _ = releasing.trained(), releasing.trained()
    left(promote_command, recipe=RECIPE, version=2)
    started = dict(releasing.machine.ended)
    deletion = ModelDeletion.of(first, "beyond keep_models = 0", datetime(2026, 11, 30, tzinfo=UTC))
    releasing.dynamodb.lay(structs.replace(deletion, state="deleted"))
    lay(SimpleNamespace(dynamodb=releasing.dynamodb), int(first.run_id, 16), state="trained")
    of_recipe = {"recipe": RECIPE, "version": 1}
    asked = {
        "promote": partial(promote_command, **of_recipe),
        "rollback": partial(rollback_command, **of_recipe),
        "release": partial(release_command, run=first.run_id),
    }[command]
    with pytest.raises(DeletedModelError) as refused:
        asked()
    assert str(refused.value) == (
        "support version 1 was deleted on 2026-11-30: beyond keep_models = 0; "
        f"tuning retrain {first.run_id} trains its data again, as a new version"
    )
    assert releasing.machine.ended == started
