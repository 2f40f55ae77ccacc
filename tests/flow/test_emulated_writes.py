"""Writes of the emulated DynamoDB, by a program and by a state machine at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from patience import until
from strict import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
EACH = 60
"""So many writes by each."""
STAGE = {"wait_scale": 0.001}


@pytest.fixture(scope="module")
def table(stage):
    dynamodb = stage.client("dynamodb")
    dynamodb.create_table(
        TableName="counted",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "counted"


def large_item(stage, table, pk):
    """One that takes a while to be changed. Returns what adds 1 to it."""
    filling = {"L": [{"N": str(n)} for n in range(9_000)]}
    item = {"pk": {"S": pk}, "filling": filling, "count": {"N": "0"}}
    stage.client("dynamodb").put_item(TableName=table, Item=item)
    return {
        "TableName": table,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": "ADD #count :one",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


def times(resource, arguments):
    """A state machine that does it so many times, several at once."""
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments, "Output": {}, "End": True}
    each = {
        "Type": "Map",
        "Items": list(range(EACH)),
        "MaxConcurrency": 4,
        "ItemProcessor": {"StartAt": "Do", "States": {"Do": task}},
        "End": True,
    }
    return {"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": each}}


def begun(stage, name, definition):
    """Asks whether the execution has ended, and how."""
    states = stage.client("stepfunctions")
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    arn = states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    return lambda: states.describe_execution(executionArn=arn)["status"]


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:states:::dynamodb:updateItem", "arn:aws:states:::aws-sdk:dynamodb:updateItem"],
)
def test_no_update_of_an_item_is_forgotten(stage, table, resource):
    kind = resource.split(":")[-2]
    add = large_item(stage, table, f"{kind} {'sdk' in resource}")
    status = begun(stage, f"adds-{'sdk' in resource}", times(resource, add))
    with ThreadPoolExecutor(2) as programs:
        list(programs.map(lambda _: stage.client("dynamodb").update_item(**add), range(EACH)))
    until(lambda: status() != "RUNNING", "the end of the execution")
    assert status() == "SUCCEEDED"
    found = stage.client("dynamodb").get_item(
        TableName=table,
        Key=add["Key"],
        ProjectionExpression="#c",
        ExpressionAttributeNames={"#c": "count"},
    )
    assert found["Item"]["count"] == {"N": str(2 * EACH)}
