"""`tuning canary` as a person runs it: the upload, the waiting, the verdict, the exit code; never a traceback."""

import json
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace

import pytest
from cli_world import FakeSQS, an_account, lay
from domain_builders import any_recipe, any_upload
from recipe_refusal_cases import refusal

from tuning.aws.ledger import Ledger
from tuning.cli import canary_command, polling
from tuning.errors import OptionError
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import ReceivedVersion
from tuning.runs.run_states import Partition

MODEL = "arn:aws:bedrock:us-east-1:123456789012:custom-model/m/1"
PREPARED = PreparedDataset(verdict="accepted", records=8, training_tokens=160)
TRAINED = {
    "state": "trained",
    "dataset": PREPARED,
    "job_arn": "arn:job",
    "model_arn": MODEL,
    "outcome": Outcome(state="trained", summary="Trained."),
}
NODES = "The communication between worker nodes and leader node is broken."
FAILED = {
    "state": "failed",
    "dataset": PREPARED,
    "job_arn": "arn:job",
    "outcome": Outcome(state="failed", kind="nodes_cannot_talk", summary=NODES),
}


@pytest.fixture
def world(aws, monkeypatch):
    """A deployed environment in which an upload becomes the run that `becomes` has."""
    an_account(aws, monkeypatch)
    aws.sqs = FakeSQS(count=0)
    aws.becomes, aws.deleted, aws.paused = TRAINED, [], []
    aws.bedrock = SimpleNamespace(delete_custom_model=lambda **given: aws.deleted.append(given))
    monkeypatch.setattr(
        canary_command, "deployed_recipe", lambda *_: any_recipe(hyperparameters={"epochCount": 1})
    )
    put = aws.s3.put_object
    month = f"{datetime.now(UTC):%Y-%m}"

    def put_and_start(**given):
        made = put(**given)
        if aws.becomes and given["Key"].endswith("train.jsonl"):
            upload = any_upload(
                bucket=given["Bucket"], key=given["Key"], version_id=made["VersionId"]
            )
            aws.run = lay(aws, 7, upload=upload.uri, month=month, **aws.becomes)
            Ledger(table="ledger").put_new(ReceivedVersion.of(upload, aws.run))
        return made

    monkeypatch.setattr(aws.s3, "put_object", put_and_start)
    monkeypatch.setattr(polling, "time", FakeTime(aws))
    return aws


class FakeTime:
    """A pause passes at once; each is a minute."""

    def __init__(self, aws):
        self.aws = aws

    def monotonic(self):
        return 60.0 * len(self.aws.paused)

    def sleep(self, seconds):
        self.aws.paused.append(seconds)
        if len(self.aws.paused) > 100:
            raise AssertionError("it waits for ever")


@pytest.fixture
def canary(typed):
    return partial(typed, "canary")


def test_exit_0_when_the_whole_path_works_and_its_model_is_deleted(world, canary):
    code, out, err = canary()
    assert code == 0
    assert "The whole way works." in out
    assert "uploaded 8 records" in err
    assert world.deleted == [{"modelIdentifier": MODEL}]


def test_the_model_is_kept_when_asked(world, canary):
    code, out, _ = canary("--keep-model")
    assert (code, world.deleted) == (0, [])
    assert "The model" not in out


def test_a_model_that_may_not_be_deleted_is_named_with_the_command(world, canary):
    def denied(**_):
        raise refusal("AccessDeniedException", "DeleteCustomModel", 403)

    world.bedrock.delete_custom_model = denied
    code, out, _ = canary()
    assert code == 0
    assert f"aws bedrock delete-custom-model --model-identifier {MODEL}" in out


def test_exit_1_with_the_switch_to_turn(world, canary):
    world.becomes = FAILED
    code, out, _ = canary()
    assert code == 1
    assert f"nodes_cannot_talk: {NODES}" in out
    assert "Set: job_nodes_talk=True in the Config of dev (app.py)" in out


def test_one_document_for_programs(world, canary):
    world.becomes = FAILED
    code, out, _ = canary("--format", "json")
    reported = json.loads(out)
    assert code == 1
    assert reported["run"] == world.run
    assert (reported["works"], reported["kind"]) == (False, "nodes_cannot_talk")
    assert reported["switch"] == "job_nodes_talk=True"
    assert [stage["reached"] for stage in reported["stages"]] == [
        *("ok", "ok", "ok", "ok", "failed", "not reached")
    ]


def test_an_upload_that_starts_nothing_is_not_waited_for_for_ever(world, canary):
    world.becomes = None
    code, out, _ = canary("--patience", "10")
    assert code == 1
    assert "not_received: No run was started" in out
    assert 10 <= len(world.paused) <= 12


def test_an_upload_that_is_put_aside_is_reported_at_once(world, canary, monkeypatch):
    world.becomes = None
    counts = iter([3, 4])
    monkeypatch.setattr(
        world.sqs,
        "get_queue_attributes",
        lambda **_: {
            "Attributes": {"QueueArn": "q", "ApproximateNumberOfMessages": next(counts, 4)}
        },
    )
    code, out, _ = canary()
    assert (code, world.paused) == (1, [])
    assert "tuning redrive" in out


def test_a_model_that_nobody_hears_of_is_reported_after_some_patience(world, canary):
    world.becomes = {**TRAINED, "open": Partition.UNNOTIFIED, "turn": "1"}
    code, out, _ = canary("--patience", "10")
    assert code == 1
    assert "nobody was notified" in out


@pytest.mark.usefixtures("world")
def test_exit_2_for_a_recipe_that_is_not_deployed(canary, monkeypatch):
    def none(*_):
        raise OptionError("--recipe canary: not in dev; there are: support")

    monkeypatch.setattr(canary_command, "deployed_recipe", none)
    code, _, err = canary()
    assert code == 2
    assert "add recipes/canary.toml to the recipes of dev" in err


@pytest.mark.parametrize("code_of_aws", ["AccessDenied", "ThrottlingException", "ExpiredToken"])
def test_exit_3_when_aws_does_not_answer(world, canary, monkeypatch, code_of_aws):
    def denied(**_):
        raise refusal(code_of_aws, "PutObject", 403)

    monkeypatch.setattr(world.s3, "put_object", denied)
    code, _, err = canary()
    assert code == 3
    assert code_of_aws in err
    assert err.count("\n") == 1


def test_a_canary_of_before_is_reported_again(world, canary):
    run_id = lay(world, 9, month="2026-11", **FAILED)
    code, out, _ = canary("--run", run_id[:31])
    assert code == 1
    assert "job_nodes_talk=True" in out


def test_whoever_stops_waiting_is_shown_how_to_go_on(world, canary, monkeypatch):
    def interrupted(_self, _upload):
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "became", interrupted)
    code, _, err = canary()
    assert code == 130
    assert "tuning canary --run" in err
    assert world.paused == []
