"""The emulated setting of the account's log is as strict as Bedrock's, and its records say that they are emulated."""

import gzip
import json

import pytest
from emulated_world import EAST, ROLE, WEST

from emulator.bedrock.api_errors import Denied, ValidationError
from emulator.bedrock.logged_invocations import ModelInvocation

GROUP = {"cloudWatchConfig": {"logGroupName": "prompts", "roleArn": ROLE}}
BUCKET = {"s3Config": {"bucketName": "kept", "keyPrefix": "ours/"}}
PUT, GET, DELETE = (
    f"{verb}ModelInvocationLoggingConfiguration" for verb in ("Put", "Get", "Delete")
)
ASKED = ModelInvocation(
    operation="Converse", model="m", caller="arn:ann", asked={"a": 1}, answered={"b": 2}
)


def put(engine, **setting):
    return engine.call(PUT, EAST, {"loggingConfig": setting})


def test_there_is_none_until_one_is_set_and_none_after_it_is_deleted(engine):
    assert engine.call(GET, EAST, {}) == {}
    put(engine, **GROUP)
    assert engine.call(GET, EAST, {}) == {"loggingConfig": GROUP}
    assert engine.call(GET, WEST, {}) == {}
    engine.call(DELETE, EAST, {})
    assert engine.call(GET, EAST, {}) == {}


def test_the_next_one_replaces_it_without_a_word(engine, world):
    put(engine, **GROUP)
    world.groups["other"] = []
    other = {"cloudWatchConfig": {"logGroupName": "other", "roleArn": ROLE}}
    put(engine, **other)
    assert engine.call(GET, EAST, {})["loggingConfig"] == other


def test_a_group_that_does_not_exist_is_refused(engine, world):
    del world.groups["prompts"]
    with pytest.raises(ValidationError, match="does not exist: prompts"):
        put(engine, **GROUP)
    assert engine.call(GET, EAST, {}) == {}


@pytest.mark.parametrize("right", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_role_that_may_not_write_is_refused(engine, world, right):
    world.denied = {right}
    with pytest.raises(ValidationError, match="Failed to validate permissions for log group"):
        put(engine, **GROUP)


def test_a_role_that_bedrock_may_not_assume_is_refused(engine):
    foreign = {"cloudWatchConfig": {"logGroupName": "prompts", "roleArn": f"{ROLE}-other"}}
    with pytest.raises(ValidationError, match="Verify the IAM role permissions"):
        put(engine, **foreign)


def test_a_caller_that_may_not_pass_the_role_is_refused(engine, world):
    world.forbidden = {"iam:PassRole"}
    with pytest.raises(Denied):
        put(engine, **GROUP)


@pytest.mark.parametrize("operation", [PUT, GET, DELETE])
def test_each_operation_takes_its_own_right(engine, world, operation):
    world.forbidden = {f"bedrock:{operation}"}
    request = {"loggingConfig": GROUP} if operation == PUT else {}
    with pytest.raises(Denied):
        engine.call(operation, EAST, request)


def test_a_bucket_whose_policy_does_not_let_bedrock_write_is_refused(engine, world):
    with pytest.raises(ValidationError, match="for bucket: kept"):
        put(engine, **BUCKET)
    world.admitting = {"kept"}
    put(engine, **BUCKET)


def test_what_is_asked_and_answered_is_written_and_says_that_it_is_emulated(engine, world):
    world.admitting = {"kept"}
    put(engine, **GROUP, **BUCKET)
    engine.invocations.record(EAST, ASKED)
    [line] = world.groups["prompts"]
    record = json.loads(line)
    assert record["emulated"] is True
    assert (record["identity"], record["modelId"]) == ({"arn": "arn:ann"}, "m")
    assert record["input"]["inputBodyJson"] == {"a": 1}
    assert record["output"]["outputBodyJson"] == {"b": 2}
    [(key, body)] = world.written.items()
    assert key.startswith("ours/AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/")
    assert json.loads(gzip.decompress(body))["output"]["outputBodyJson"] == {"b": 2}


def test_elsewhere_nothing_is_written(engine, world):
    put(engine, **GROUP)
    engine.invocations.record(WEST, ASKED)
    assert world.groups["prompts"] == []


def test_without_text_nothing_is_written(engine, world):
    put(engine, **GROUP, textDataDeliveryEnabled=False)
    engine.invocations.record(EAST, ASKED)
    assert world.groups["prompts"] == []


def test_a_role_that_lost_its_rights_writes_nothing_and_nothing_fails(engine, world):
    put(engine, **GROUP)
    world.denied = {"logs:PutLogEvents"}
    engine.invocations.record(EAST, ASKED)
    assert world.groups["prompts"] == []


def test_a_body_of_more_than_100_kb_is_not_in_the_group(engine, world):
    put(engine, **GROUP)
    long = ModelInvocation(
        operation="Converse", model="m", caller="a", asked="x" * 200_000, answered="short"
    )
    engine.invocations.record(EAST, long)
    record = json.loads(world.groups["prompts"][0])
    assert "inputBodyJson" not in record["input"]
    assert record["output"]["outputBodyJson"] == "short"
