"""What the functions rest on, asked of the fakes and of the emulator: neither may answer otherwise."""

from functools import partial

import pytest
from botocore.exceptions import ClientError
from places import BUCKET, MACHINE

from tests.flow.patience import until


def refused(call, **arguments):
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return refusal.value.response["Error"]["Code"]


@pytest.fixture
def name(request):
    """Another for each test, as the emulator keeps what earlier ones made."""
    return f"it-{abs(hash(request.node.name))}"


def put(pk, **more):
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}
    item = {"pk": {"S": pk}, "state": {"S": "received"}, "spent": {"N": "3"}}
    return {"TableName": "ledger", "Item": item | more, **condition}


def moved(pk, to, *, found):
    return {
        "TableName": "ledger",
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": "SET #state = :to",
        "ConditionExpression": "attribute_not_exists(pk) OR #state IN (:found)",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":to": {"S": to}, ":found": {"S": found}},
        "ReturnValues": "ALL_NEW",
    }


def test_an_item_is_put_once(world, name):
    world.dynamodb.put_item(**put(name))
    again = put(name)
    assert refused(world.dynamodb.put_item, **again) == "ConditionalCheckFailedException"


def test_a_missing_item_is_no_item(world, name):
    found = world.dynamodb.get_item(
        TableName="ledger", Key={"pk": {"S": name}}, ConsistentRead=True
    )
    assert "Item" not in found


def test_a_state_moves_only_from_where_it_may(world, name):
    world.dynamodb.put_item(**put(name))
    row = world.dynamodb.update_item(**moved(name, "started", found="received"))["Attributes"]
    assert (row["state"], row["spent"]) == ({"S": "started"}, {"N": "3"})
    late = moved(name, "started", found="received")
    assert refused(world.dynamodb.update_item, **late) == "ConditionalCheckFailedException"


def test_an_update_of_a_lost_item_makes_it(world, name):
    row = world.dynamodb.update_item(**moved(name, "started", found="received"))["Attributes"]
    assert row == {"pk": {"S": name}, "state": {"S": "started"}}


def test_a_transaction_is_all_or_nothing(world, name):
    for pk in (f"{name}-a", f"{name}-b"):
        world.dynamodb.put_item(**put(pk))

    def claim(pk, limit):
        return {
            "Update": {
                "TableName": "ledger",
                "Key": {"pk": {"S": pk}},
                "UpdateExpression": "SET spent = if_not_exists(spent, :zero) + :one",
                "ConditionExpression": "attribute_not_exists(spent) OR spent < :limit",
                "ExpressionAttributeValues": {
                    ":zero": {"N": "0"},
                    ":one": {"N": "1"},
                    ":limit": {"N": str(limit)},
                },
            }
        }

    wrong = [claim(f"{name}-a", 9), claim(f"{name}-b", 3)]
    code = refused(world.dynamodb.transact_write_items, TransactItems=wrong)
    assert code == "TransactionCanceledException"
    world.dynamodb.transact_write_items(TransactItems=[claim(f"{name}-a", 9)])
    keys = [{"pk": {"S": pk}} for pk in (f"{name}-a", f"{name}-b")]
    read = partial(world.dynamodb.get_item, TableName="ledger", ConsistentRead=True)
    assert [read(Key=key)["Item"]["spent"]["N"] for key in keys] == ["4", "3"]


def test_an_object_is_written_once(world, name):
    world.s3.put_object(Bucket=BUCKET, Key=name, Body=b"first", IfNoneMatch="*")
    again = {"Bucket": BUCKET, "Key": name, "Body": b"second", "IfNoneMatch": "*"}
    assert refused(world.s3.put_object, **again) == "PreconditionFailed"
    assert world.s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == b"first"


def test_a_version_is_what_it_was(world, name):
    first, second = (
        world.s3.put_object(Bucket=BUCKET, Key=name, Body=body)["VersionId"]
        for body in (b"first", b"second")
    )
    assert first != second
    old = world.s3.get_object(Bucket=BUCKET, Key=name, VersionId=first)
    assert old["Body"].read() == b"first"
    assert world.s3.get_object(Bucket=BUCKET, Key=name)["VersionId"] == second


def test_what_is_missing_is_said_to_be_missing(world, name):
    assert refused(world.s3.get_object, Bucket=BUCKET, Key=f"{name}-none") == "NoSuchKey"


def test_a_range_of_an_older_version_is_read(world, name):
    first, _ = (
        world.s3.put_object(Bucket=BUCKET, Key=name, Body=body)["VersionId"]
        for body in (b"0123456789", b"abcdefghij")
    )
    where = {"Bucket": BUCKET, "Key": name, "VersionId": first}
    found = world.s3.get_object(**where, Range="bytes=3-6")
    assert (found["ContentLength"], found["Body"].read()) == (4, b"3456")
    assert world.s3.get_object(**where, Range="bytes=8-9")["Body"].read() == b"89"


def start(world, name, text="{}"):
    return world.stepfunctions.start_execution(stateMachineArn=MACHINE, name=name, input=text)


def test_a_running_execution_is_started_again_as_itself(world, name):
    assert start(world, name)["executionArn"] == start(world, name)["executionArn"]


def test_a_running_execution_is_not_started_with_other_input(world, name):
    start(world, name)
    assert refused(lambda: start(world, name, '{"a": 1}')) == "ExecutionAlreadyExists"


def test_an_execution_that_ended_is_not_started_again(world, name):
    start(world, name)
    world.close(name)
    assert refused(lambda: start(world, name)) == "ExecutionAlreadyExists"


def job(world, name, **more):
    return {
        "jobName": name,
        "customModelName": name,
        "clientRequestToken": name,
        "roleArn": world.role,
        "baseModelIdentifier": "amazon.nova-micro-v1:0:128k",
        "trainingDataConfig": {"s3Uri": f"s3://{BUCKET}/train.jsonl"},
        "outputDataConfig": {"s3Uri": f"s3://{BUCKET}/out/"},
        **more,
    }


@pytest.fixture
def bedrock(world, request):
    """With no job in progress before and after: one that is stopping has its place still."""

    def jobs(status):
        listed = world.bedrock.list_model_customization_jobs(statusEquals=status)
        return listed["modelCustomizationJobSummaries"]

    yield world.bedrock
    for summary in jobs("InProgress"):
        world.bedrock.stop_model_customization_job(jobIdentifier=summary["jobArn"])
    if request.node.callspec.params["world"] == "emulator":  # a fake is made for each test
        until(lambda: not jobs("Stopping"), "the jobs to be stopped")


def create(bedrock, arguments):
    return bedrock.create_model_customization_job(**arguments)["jobArn"]


def test_the_same_token_is_the_same_job(world, bedrock, name):
    arguments = job(world, name)
    assert create(bedrock, arguments) == create(bedrock, arguments)


def test_the_same_token_with_other_parameters_is_a_conflict(world, bedrock, name):
    create(bedrock, job(world, name))
    other = job(world, name, jobName=f"{name}-x", customModelName=f"{name}-x")
    assert refused(bedrock.create_model_customization_job, **other) == "ConflictException"


def test_a_name_in_use_is_refused_and_its_job_can_be_described(world, bedrock, name):
    arn = create(bedrock, job(world, name))
    other = job(world, name, clientRequestToken=f"{name}-x")
    assert refused(bedrock.create_model_customization_job, **other) == "ValidationException"
    found = bedrock.get_model_customization_job(jobIdentifier=name)
    assert (found["jobArn"], found["jobName"], found["status"]) == (arn, name, "InProgress")
    assert found["trainingDataConfig"]["s3Uri"] == f"s3://{BUCKET}/train.jsonl"


def test_a_full_quota_is_said(world, bedrock, name):
    for number in range(3):
        create(bedrock, job(world, f"{name}-{number}"))
    more = job(world, f"{name}-more")
    code = refused(bedrock.create_model_customization_job, **more)
    assert code == "ServiceQuotaExceededException"


def test_a_job_that_is_not_there_is_not_found(world, name):
    get = world.bedrock.get_model_customization_job
    assert refused(get, jobIdentifier=f"{name}-none") == "ResourceNotFoundException"


def test_a_stopped_job_is_stopping_or_stopped(world, bedrock, name):
    arn = create(bedrock, job(world, name))
    bedrock.stop_model_customization_job(jobIdentifier=arn)
    status = bedrock.get_model_customization_job(jobIdentifier=arn)["status"]
    assert status in ("Stopping", "Stopped")


def test_a_dead_token_is_refused(world):
    send = world.stepfunctions.send_task_success
    assert refused(send, taskToken="never-given", output="{}") in (
        "InvalidToken",
        "TaskDoesNotExist",
    )
