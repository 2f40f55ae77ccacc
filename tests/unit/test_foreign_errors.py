"""What AWS has not said is not taken for its answer: a fault of our own passes through as it is."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError, InvalidRegionError
from domain_builders import any_record, any_run, any_upload
from fake_account import NEEDS, FakeAccount
from recipe_refusal_cases import exceptions

from lambdas import close_default_group, set_invocation_log
from tuning.aws import clients, s3_objects
from tuning.aws.account_facts import Questions
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import Executions, answer_task
from tuning.aws.ledger import Ledger
from tuning.aws.run_files import RunFiles
from tuning.runs.recipe_files import load
from tuning.runs.run_record import RunRecord

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun"


class OurOwnFault(Exception):  # noqa: N818 — it is one
    pass


class Broken:
    """A client of which every call, and every class of errors that AWS knows, ends in our own fault."""

    exceptions = exceptions(
        "ConditionalCheckFailedException",
        "ExecutionAlreadyExists",
        "ExecutionDoesNotExist",
        "InvalidToken",
        "TaskDoesNotExist",
        "TaskTimedOut",
        "TransactionCanceledException",
    )

    def __getattr__(self, operation):
        def call(**_arguments):
            raise OurOwnFault

        return (
            (lambda _name: SimpleNamespace(paginate=call)) if operation == "get_paginator" else call
        )


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(clients, "create", lambda _service, _region: Broken())


def read_from_s3():
    with s3_objects.reading("bucket", "key", "v1", 3) as stream:
        stream.read()


EXECUTIONS, LEDGER = Executions(machine=MACHINE), Ledger(table="ledger")
CALLS = {
    "start an execution": lambda: EXECUTIONS.start("name", {}),
    "describe an execution": lambda: EXECUTIONS.described("name"),
    "read a history": lambda: list(EXECUTIONS.history("name")),
    "answer a task": lambda: answer_task("token", {}),
    "transact": lambda: LEDGER.transact([]),
    "put a record": lambda: LEDGER.put_new(any_record()),
    "move a run": lambda: LEDGER.move(any_run(), "checked"),
    "create a job": lambda: CustomizationJobs().create({}),
    "describe a job": lambda: CustomizationJobs().described("name"),
    "stop a job": lambda: CustomizationJobs().stop("arn"),
    "read an object": read_from_s3,
    "write an object once": lambda: s3_objects.put_once("bucket", "key", b"", sha256="00"),
    "copy an object": lambda: RunFiles(artifacts_bucket="b").copy_onto_itself(
        any_upload(), retrains="run"
    ),
    "close a group": lambda: close_default_group.handler(
        {"RequestType": "Create", "ResourceProperties": {"GroupId": "sg-1"}}, None
    ),
    "set up the account's log": lambda: set_invocation_log.handler(
        {"RequestType": "Create", "ResourceProperties": {"LogGroup": "ours", "Role": "arn"}}, None
    ),
}


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_fault_of_our_own_is_not_taken_for_an_answer_of_aws(call):
    with pytest.raises(OurOwnFault):
        call()


def test_nor_for_an_account_that_does_not_answer():
    account = FakeAccount()
    account.answers["ec2", "describe_vpcs"] = OurOwnFault()
    with pytest.raises(OurOwnFault):
        Questions(client=account.client, needs=NEEDS).facts(session_region="us-east-1")


def test_nor_for_a_record_that_cannot_be_read(aws, monkeypatch):
    def from_item(_item):
        raise OurOwnFault

    aws.dynamodb.lay(any_record())
    monkeypatch.setattr(RunRecord, "from_item", from_item)
    with pytest.raises(OurOwnFault):
        list(LEDGER.runs())


def test_a_recipe_that_cannot_be_opened_is_not_called_invalid(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(IsADirectoryError):
        load(tmp_path / "folder.toml")


@pytest.mark.usefixtures("real_clients")
def test_what_is_wrong_with_a_client_is_said_in_botocores_own_classes(monkeypatch):
    with pytest.raises(InvalidRegionError):
        clients.create("sts", "no Region!")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address")
    with pytest.raises(EndpointConnectionError, match="no address"):
        clients.create("sts", "us-east-1")


@pytest.mark.usefixtures("real_clients")
def test_and_a_fault_of_our_own_is_none_of_them(monkeypatch):
    def create_client(*_arguments, **_options):
        raise OurOwnFault

    monkeypatch.setattr("botocore.session.Session.create_client", create_client)
    with pytest.raises(OurOwnFault):
        clients.create("sts", "us-east-1")
