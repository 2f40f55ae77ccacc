"""An operator's account: found as the AWS command line finds it, its faults reported in one line."""

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    ProfileNotFound,
)
from domain_builders import DATASETS, any_record, any_run, any_upload
from fake_aws import refusal
from recipe_refusal_cases import exceptions

from tuning.aws import clients
from tuning.cli.account import Account
from tuning.cli.aws_errors import AccountError, UnknownRunError, explained_errors, speaks_to_aws
from tuning.cli.exits import Exit, refusals

FOLDER = "datasets/support"
OUTPUTS = {"LedgerTable": "ledger", "StateMachine": "arn:aws:states:r:a:stateMachine:TrainingRun"}


class FakeCloudFormation:
    exceptions = exceptions()

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
    pytest.param(
        ProfileNotFound(profile="ann"), "(ann) could not be found: aws configure", id="no profile"
    ),
    pytest.param(InvalidRegionError(region_name="x!"), "such as us-east-1", id="no Region's name"),
    pytest.param(NoCredentialsError(), "log in as for the AWS command line", id="no credentials"),
    pytest.param(
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "127.0.0.1:1", id="unreachable"
    ),
]


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_what_aws_does_not_do_is_reported_in_one_line_with_exit_3(deployed, capsys, fault, words):
    deployed(fault)
    with pytest.raises(SystemExit) as ended, refusals():
        Account.of("dev")
    assert ended.value.code == Exit.FAULT
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("real_clients")
def test_no_region_at_all_is_reported(monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AccountError, match="pass --region"):
        Account.of("dev")


def test_faults_of_a_command_are_reported_too():
    @speaks_to_aws
    def command(run: str) -> str:  # noqa: ARG001 — as a command has it
        raise refusal("ThrottlingException", "GetItem", 429)

    with pytest.raises(AccountError, match="AWS refused GetItem: ThrottlingException"):
        command("x")


def test_our_own_refusals_pass_through_as_they_are():
    with pytest.raises(UnknownRunError), explained_errors():
        raise UnknownRunError("no such run")


def test_an_uploads_run_is_found_over_all_pages_and_money_is_no_run(aws):
    for number in range(30):  # the fake's page is smaller
        aws.dynamodb.lay(any_record(of=any_run(upload=any_upload(key=f"{FOLDER}/{number}"))))
    aws.dynamodb.items["budget#2026-11"] = {"pk": "budget#2026-11", "committed": 3}
    account = Account(client=lambda service: getattr(aws, service), outputs=OUTPUTS)
    found = account.started_by(f"s3://{DATASETS}/{FOLDER}/29")
    assert found.upload.endswith("/29")
    assert account.started_by(f"s3://{DATASETS}/{FOLDER}/30") is None
    assert [run.id for run in account.ledger.runs("2026-11")] == [
        r.id for r in account.ledger.runs()
    ]


def test_an_unknown_run_is_a_mistake_of_whoever_asked(aws):
    run_id = aws.dynamodb.lay(any_record(state="checked"))
    account = Account(client=lambda service: getattr(aws, service), outputs=OUTPUTS)
    assert account.run(run_id).state == account.run(run_id[:6]).state == "checked"
    with pytest.raises(UnknownRunError, match="no such run in ledger"):
        account.run("abd")
