"""An operator's account: found as the AWS command line finds it, its faults told in one line."""

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from fake_aws import refusal

from tuning.aws import clients
from tuning.cli.account import Account
from tuning.cli.aws_errors import AccountError, UnknownRunError, speaks_to_aws, told
from tuning.cli.exits import Exit, refusals

OUTPUTS = {"LedgerTable": "ledger", "StateMachine": "arn:aws:states:r:a:stateMachine:TrainingRun"}


class FakeCloudFormation:
    class meta:  # noqa: N801 — botocore's name
        region_name = "us-east-1"

    def __init__(self, answer):
        self.answer = answer

    def describe_stacks(self, *, StackName):  # noqa: N803 — AWS's name
        assert StackName == "dev-Training"
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Stacks": [{"Outputs": self.answer}]}


@pytest.fixture
def deployed(monkeypatch):
    """A session in which describing the stack is answered so."""

    def with_answer(answer):
        monkeypatch.setattr(clients, "create", lambda *_asked: FakeCloudFormation(answer))

    return with_answer


def test_an_environment_is_its_training_stacks_outputs(deployed):
    deployed([{"OutputKey": "LedgerTable", "OutputValue": "ledger"}])
    assert Account.of("dev").outputs == {"LedgerTable": "ledger"}


@pytest.mark.usefixtures("real_clients")
def test_the_region_is_the_one_that_is_said_then_awss_variable_then_botocores(monkeypatch):
    def region(said=None):
        return clients.clients(said)("cloudformation").meta.region_name

    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    found = [region()]
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert [*found, region(), region("eu-west-1")] == ["us-west-2", "us-east-1", "eu-west-1"]


FAULTS = [
    pytest.param(
        refusal("ValidationError", "DescribeStacks"), "no stack dev-Training", id="no stack"
    ),
    pytest.param(refusal("AccessDenied", "DescribeStacks", 403), "AccessDenied", id="denied"),
    pytest.param(NoCredentialsError(), "log in as for the AWS command line", id="no credentials"),
    pytest.param(
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "127.0.0.1:1", id="unreachable"
    ),
]


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_what_aws_does_not_do_is_told_in_one_line_with_exit_3(deployed, capsys, fault, words):
    deployed(fault)
    with pytest.raises(SystemExit) as ended, refusals():
        Account.of("dev")
    assert ended.value.code == Exit.FAULT
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("real_clients")
def test_no_region_at_all_is_told(monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AccountError, match="pass --region"):
        Account.of("dev")


def test_faults_of_a_command_are_told_too():
    @speaks_to_aws
    def command(run: str) -> str:  # noqa: ARG001 — as a command has it
        raise refusal("ThrottlingException", "GetItem", 429)

    with pytest.raises(AccountError, match="AWS refused GetItem: ThrottlingException"):
        command("x")


def test_our_own_refusals_pass_through_as_they_are():
    with pytest.raises(UnknownRunError), told():
        raise UnknownRunError("no such run")


def rows_of(*pages):
    class Ledger:
        def get_item(self, *, Key, **_call):  # noqa: N803 — AWS's name
            items = {item["pk"]["S"]: item for page in pages for item in page}
            return {"Item": items[Key["pk"]["S"]]} if Key["pk"]["S"] in items else {}

        def get_paginator(self, operation):
            self.operation = operation
            return self

        def paginate(self, **call):
            assert (self.operation == "query") is ("IndexName" in call)
            yield from ({"Items": page} for page in pages)

    ledger = Ledger()
    return Account(client=lambda _service: ledger, outputs=OUTPUTS)


RUN_ROW = {"pk": {"S": "abc"}, "state": {"S": "checked"}, "upload": {"S": "s3://b/k"}}
BUDGET_ROW = {"pk": {"S": "budget#2026-11"}, "committed": {"N": "3.5"}}


@pytest.mark.parametrize("month", [None, "2026-11"])
def test_runs_are_listed_over_all_pages_and_money_is_no_run(month):
    account = rows_of([BUDGET_ROW], [RUN_ROW])
    assert [row["pk"] for row in account.rows(month)] == ["abc"]
    assert account.run("s3://b/k") == {"pk": "abc", "state": "checked", "upload": "s3://b/k"}
    assert account.run("s3://b/other") is None


def test_an_unknown_run_is_a_mistake_of_whoever_asked():
    account = rows_of([RUN_ROW])
    assert account.row("abc")["state"] == "checked"
    with pytest.raises(UnknownRunError, match="no such run in ledger"):
        account.row("abd")
