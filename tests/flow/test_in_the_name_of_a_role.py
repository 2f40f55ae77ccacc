"""What services do in a role's name is held to that role: a machine's tasks, and what Lambda does
for a function.
"""

import io
import json
import zipfile
from uuid import uuid4

import pytest
from accounts import a_client, session
from botocore.exceptions import ClientError
from patience import until

PLACE = "us-east-1:000000000000"


@pytest.fixture
def role(world):
    """role("lambda", *actions) → the ARN of one that this service assumes; `grant` adds to it."""
    iam, name = world.client("iam"), f"test-{uuid4().hex[:8]}"

    def make(service, *actions):
        trust = {"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        if actions:
            make.grant(*actions)
        world.instance.advance_clock(world.instance.settings.role_seconds)  # until it is known
        return arn

    def grant(*actions):
        document = _policy({"Action": actions, "Resource": "*"})
        iam.put_role_policy(RoleName=name, PolicyName=uuid4().hex, PolicyDocument=document)

    make.grant = grant
    return make


def test_a_task_fails_without_the_machines_right_and_works_with_it(world, role):
    topic = world.client("sns").create_topic(Name="told-by-a-machine")["TopicArn"]
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic, "Message": "Done."},
        "End": True,
    }
    states = world.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"teller-{uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Tell", "States": {"Tell": tell}}),
        roleArn=role("states"),
    )["stateMachineArn"]
    before = _ended(states, machine)
    assert (before["status"], before["error"]) == ("FAILED", "Sns.AccessDeniedException")
    assert f"sns:Publish on resource: {topic}" in before["cause"]
    role.grant("sns:Publish")
    assert _ended(states, machine)["status"] == "SUCCEEDED"
    states.delete_state_machine(stateMachineArn=machine)


def test_lambda_reads_and_logs_for_a_function_that_may(world, role):
    sqs, functions, logs = (world.client(name) for name in ("sqs", "lambda", "logs"))
    name = f"reader-{uuid4().hex[:8]}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    functions.create_function(
        FunctionName=name,
        Runtime="python3.14",
        Role=role("lambda"),
        Handler="reader.handler",
        Code={"ZipFile": _zipped("reader.py", "def handler(event, context):\n    print('read')\n")},
    )
    functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=f"arn:aws:sqs:{PLACE}:{name}"
    )
    sqs.send_message(QueueUrl=queue, MessageBody="hello")
    until(lambda: _refused(world, f"{name}", "sqs:ReceiveMessage"), "Lambda to try")
    assert _waiting(sqs, queue) == 1
    role.grant("sqs:ReceiveMessage", "sqs:DeleteMessage")
    until(lambda: _waiting(sqs, queue) == 0, "the message to be read")
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []
    role.grant("logs:CreateLogStream", "logs:PutLogEvents")
    functions.invoke(FunctionName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] != []
    functions.delete_function(FunctionName=name)


def test_an_answer_needs_the_right_on_the_machine_that_asked_also_when_it_comes_late(world, role):
    """As on AWS: whose task has ended hears so from Step Functions, not refused by IAM."""
    states, dynamodb = world.client("stepfunctions"), world.client("dynamodb")
    item = {"TableName": _table(dynamodb), "Key": {"pk": {"S": "question"}}}
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Parameters": {
            **item,
            "UpdateExpression": "SET answer_to = :token",
            "ExpressionAttributeValues": {":token": {"S.$": "$$.Task.Token"}},
        },
        "End": True,
    }
    machine = states.create_state_machine(
        name=f"asker-{uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Ask", "States": {"Ask": ask}}),
        roleArn=role("states", "dynamodb:UpdateItem"),
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    asked = until(lambda: dynamodb.get_item(**item).get("Item"), "the question")
    answer = {"taskToken": asked["answer_to"]["S"], "output": "{}"}
    mine, other = (_answering(world, on) for on in (machine, f"{machine}-other"))
    with pytest.raises(ClientError, match="AccessDenied"):
        other.send_task_success(**answer)
    mine.send_task_success(**answer)
    until(lambda: _status(states, execution) == "SUCCEEDED", "the execution to end")
    for late in (mine, other):
        with pytest.raises(ClientError) as refusal:
            late.send_task_success(**answer)
        allowed = "AccessDenied" not in refusal.value.response["Error"]["Code"]
        assert allowed == (late is mine)


def _table(dynamodb):
    name = f"questions-{uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def _answering(world, machine):
    """A client of somebody who may answer this machine's tasks."""
    name = f"answers-{uuid4().hex[:8]}"
    iam, trust = world.client("iam"), {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    document = _policy({"Action": "states:SendTaskSuccess", "Resource": machine})
    iam.put_role_policy(RoleName=name, PolicyName="answer", PolicyDocument=document)
    world.instance.advance_clock(world.instance.settings.role_seconds)
    return a_client(world, session(world, name, "somebody"), "stepfunctions")


def _status(states, execution):
    return states.describe_execution(executionArn=execution)["status"]


def _refused(world, queue, action):
    return any(
        not use["allowed"] and use["action"] == action and use["resource"].endswith(f":{queue}")
        for use in world.instance.recorded()
    )


def _waiting(sqs, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)


def _ended(states, machine):
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def look():
        found = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return until(look, "the execution to end")


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _zipped(name, text):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr(name, text)
    return archive.getvalue()
