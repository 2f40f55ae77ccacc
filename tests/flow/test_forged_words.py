"""What a function that was taken over says to the next one, or puts where the next one reads: no job comes of it."""

import hashlib
import io
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from accounts import UNASKED, conversations, jsonl, new_version
from taken_over import TakenOver, physical
from test_money import reached

from tuning.pipeline.run_steps import PREPARE_DATASET, RECEIVE_UPLOAD
from tuning.runs.ledger_item import KEY
from tuning.runs.preparation import prepare
from tuning.runs.readings import Source


def a_run(world, about):
    return new_version(world, f"datasets/canary/forged-{uuid4().hex[:8]}/{UNASKED}", about)


def ask(world, function, **event):
    """The answer of a function that the state machine invokes with that."""
    name = physical(world, f"{function}Function")
    return world.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))


def jobs_named(world, name):
    found = world.client("bedrock").list_model_customization_jobs(nameContains=name)
    return found["modelCustomizationJobSummaries"]


def test_a_run_that_says_another_name_for_its_job_starts_none(world):
    """With it, the job of another run would be taken for its own, or a second one started."""
    run = a_run(world, "Another name")
    forged = replace(run, job_name=f"{run.recipe.name}-{'0' * 20}")
    TakenOver(step=RECEIVE_UPLOAD, world=world).client("stepfunctions").start_execution(
        stateMachineArn=world.account.outputs["StateMachine"],
        name=forged.id,
        input=json.dumps(forged.to_dict()),
    )
    ended = reached(world, forged.id, "failed")
    assert "the job's name does not follow from its run" in ended.summary
    assert ended.job_arn is None
    assert jobs_named(world, run.recipe.name) == []


@pytest.fixture
def forgotten(world):
    """Runs whose rows go after the test: no execution ends them."""
    runs = []
    yield runs
    for run in runs:
        table = world.account.outputs["LedgerTable"]
        world.client("dynamodb").delete_item(TableName=table, Key={KEY: {"S": run.id}})


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("s3://{datasets}/{key}", id="the upload itself"),
        pytest.param("s3://{prepared}/runs/{digest}/train.jsonl", id="beside the copies"),
        pytest.param("s3://another-bucket/prepared/{digest}/train.jsonl", id="another bucket"),
    ],
)
def test_a_location_that_is_no_prepared_copy_is_not_trained(world, forgotten, location):
    run, outputs = a_run(world, "Another location"), world.account.outputs
    forgotten.append(run)
    uri = location.format(
        datasets=outputs["DatasetsBucket"],
        prepared=outputs["PreparedBucket"],
        key=run.upload.key,
        digest=hashlib.sha256(location.encode()).hexdigest(),
    )
    dataset = {"verdict": "accepted", "training_uri": uri, "training_tokens": 1000}
    answered = ask(world, "StartTraining", run=run.to_dict(), dataset=dataset)
    start = json.loads(answered["Payload"].read())
    assert (start["state"], start["failure"]["kind"]) == ("failed", "foreign_input")
    assert jobs_named(world, run.job_name) == []


def test_what_was_planted_under_the_hash_of_a_good_file_is_not_taken_for_it(world):
    run = a_run(world, "Planted")
    good = Source(
        name="train.jsonl", stream=io.BytesIO(jsonl(conversations("Planted"))), copy=io.BytesIO()
    )
    digest = prepare(run.recipe, good, None).digests["train.jsonl"]
    planted = {
        "Bucket": world.account.outputs["PreparedBucket"],
        "Key": f"prepared/{digest}/train.jsonl",
        "Body": jsonl(conversations("Planted by another")),
    }
    TakenOver(step=PREPARE_DATASET, world=world).client("s3").put_object(**planted, IfNoneMatch="*")
    answered = ask(world, "PrepareDataset", run=run.to_dict())
    error = json.loads(answered["Payload"].read())
    assert (answered.get("FunctionError"), error.get("errorType")) == (
        "Unhandled",
        "ForeignCopyError",
    )
    assert "does not hold what its name says" in error["errorMessage"]
