"""As strict as AWS: executions and functions. docs/emulator.md has the table."""

import json

import pytest
import stages
from laid_tools import lay_function
from patience import until
from strict import ACCOUNT, Stage, a_table, executed, policy, refused

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
STAGE = {"phase_seconds": 0.05, "wait_scale": 0.001}


def ended(stage, name, definition, **given):
    """An execution that has come to its end."""
    return executed(stage, name, definition, ROLE, **given)


def jsonata(**states):
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("{% $states.input.absent %}", "FAILED"),
        ("{% $unbound %}", "FAILED"),
        ("{% $states.input.there %}", "SUCCEEDED"),
        ("{% null %}", "SUCCEEDED"),
    ],
)
def test_an_expression_that_yields_undefined_fails_its_state(stage, expression, status):
    name = f"undefined-{abs(hash(expression))}"
    definition = jsonata(Look={"Type": "Pass", "Output": {"x": expression}, "End": True})
    found = ended(stage, name, definition, there=1)
    assert found["status"] == status
    if status == "FAILED":
        assert found["error"] == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ("arn:aws:states:::dynamodb:putItem", "DynamoDB.ConditionalCheckFailedException"),
        ("arn:aws:states:::aws-sdk:dynamodb:putItem", "DynamoDb.ConditionalCheckFailedException"),
    ],
)
def test_errors_are_spelled_as_their_integration_spells_them(stage, resource, error):
    dynamodb = stage.client("dynamodb")
    if "rows" not in dynamodb.list_tables()["TableNames"]:
        a_table(stage, "rows")
    arguments = {
        "TableName": "rows",
        "Item": {"pk": {"S": "x"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
    put = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    found = ended(stage, f"spelling-{'sdk' in resource}", jsonata(Put=put))
    assert (found["status"], found["error"]) == ("FAILED", error)


def test_a_history_ends_at_twenty_five_thousand_events(stage):
    """And no Catch catches it."""
    again = {"Type": "Pass", "Next": "Again"}
    found = ended(stage, "endless", {"StartAt": "Again", "States": {"Again": again}})
    assert found["status"] == "FAILED"
    assert "maximum number of history events (25000)" in found["cause"]
    history = stage.client("stepfunctions").get_execution_history
    (last,) = history(executionArn=found["executionArn"], reverseOrder=True, maxResults=1)["events"]
    assert (last["id"], last["type"]) == (25_000, "ExecutionFailed")


def test_a_payload_has_256_kilobytes(stage):
    grow = {"Type": "Pass", "Output": "{% $pad('', 300000, 'x') %}", "Next": "End"}
    definition = jsonata(Grow=grow, End={"Type": "Pass", "End": True})
    found = ended(stage, "large", definition)
    assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize(("limit", "ahead"), [({}, 366 * 86_400), ({"TimeoutSeconds": 5}, 120)])
def test_an_execution_ends_after_a_year_or_its_own_time(limit, ahead):
    with stages.running(wait_scale=1) as instance:
        stage = Stage(instance)
        states = stage.client("stepfunctions")
        wait = {"Type": "Wait", "Seconds": 90_000_000, "End": True}
        definition = limit | {"StartAt": "Wait", "States": {"Wait": wait}}
        machine = states.create_state_machine(
            name="patient", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        arn = states.start_execution(stateMachineArn=machine)["executionArn"]
        assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
        instance.advance_clock(ahead)

        def timed_out():
            return states.describe_execution(executionArn=arn)["status"] == "TIMED_OUT"

        until(timed_out, "the end of the execution")
        (last,) = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)[
            "events"
        ]
        assert last["type"] == "ExecutionTimedOut"


def test_a_history_says_what_its_tasks_were_given(stage):
    """As an operator finds it, or who makes anew what was lost: arguments as they were, the token of a callback too."""
    url = stage.client("sqs").create_queue(QueueName="asked")["QueueUrl"]
    wanted = {"token": "{% $states.context.Task.Token %}", "about": "{% $states.input.about %}"}
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": url, "MessageBody": wanted},
        "TimeoutSeconds": 1,
        "End": True,
    }
    found = ended(stage, "asking", jsonata(Ask=ask), about="a run")
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    (sent,) = stage.client("sqs").receive_message(QueueUrl=url)["Messages"]
    history = stage.client("stepfunctions").get_execution_history(
        executionArn=found["executionArn"]
    )
    (details,) = (
        event["taskScheduledEventDetails"]
        for event in history["events"]
        if event["type"] == "TaskScheduled"
    )
    given = json.loads(details["parameters"])
    assert given == {"QueueUrl": url, "MessageBody": json.loads(sent["Body"])}
    assert given["MessageBody"]["about"] == "a run"
    assert given["MessageBody"]["token"]
    assert details["region"] == "us-east-1"


def test_a_subject_has_a_hundred_characters(stage):
    sns = stage.client("sns")
    topic = sns.create_topic(Name="subjects")["TopicArn"]
    said = refused(sns.publish, TopicArn=topic, Message="x", Subject="s" * 101)
    assert said[0] == "InvalidParameter"
    sns.publish(TopicArn=topic, Message="x", Subject="s" * 100)


def made(stage, name, source, **more):
    lay_function(stage.client("lambda"), name, source, **{"Timeout": 60} | more)
    return name


def invoked(stage, name):
    return json.load(stage.client("lambda").invoke(FunctionName=name)["Payload"])


WRITE = """
import os, tempfile
def run(event, context):
    with tempfile.NamedTemporaryFile() as written:
        for _ in range(600):
            written.write(bytes(1024 ** 2))
        written.flush()
        return os.path.getsize(written.name)
"""
SEVERAL = """
import tempfile, threading
def run(event, context):
    kept = []
    for _ in range(8):
        written = tempfile.NamedTemporaryFile()
        written.write(bytes(100 * 1024 ** 2))
        written.flush()
        kept.append(written)
        threading.Event().wait(0.2)
    return len(kept)
"""


@pytest.mark.parametrize("source", [WRITE, SEVERAL], ids=["one file", "several"])
def test_temporary_storage_has_512_megabytes(stage, source):
    name = f"small-{source == WRITE}"
    assert invoked(stage, made(stage, name, source))["errorType"] == "OSError"
    larger = made(stage, f"large-{source == WRITE}", source, EphemeralStorage={"Size": 1024})
    assert invoked(stage, larger) in (600 * 1024**2, 8)


def test_a_function_ends_when_its_time_is_over(stage):
    source = "import threading\ndef run(event, context): threading.Event().wait(60)"
    answer = invoked(stage, made(stage, "slow", source, Timeout=1))
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]


@pytest.mark.parametrize(
    "setting", [{"Timeout": 901}, {"EphemeralStorage": {"Size": 10_241}}, {"MemorySize": 127}]
)
def test_settings_of_a_function_have_a_range(stage, setting):
    code = {"ZipFile": "def run(event, context): return event"}
    properties = {"Runtime": "python3.14", "Role": ROLE, "Handler": "index.run", "Code": code}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties | setting}
    name = f"range-{next(iter(setting)).lower()}"
    status, why = stage.stack(name, Worker=resource)
    assert status == "ROLLBACK_COMPLETE"
    assert next(iter(setting)) in why


ON_A_QUEUE = {
    "Namespace": "AWS/SQS",
    "MetricName": "NumberOfMessagesSent",
    "Statistic": "Sum",
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "LessThanThreshold",
}


def state(cloudwatch, name):
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["StateValue"]


def test_an_alarm_on_missing_data_fires_from_its_creation(stage):
    """TreatMissingData: breaching, and no datum yet."""
    cloudwatch = stage.client("cloudwatch")
    never = {"Dimensions": [{"Name": "QueueName", "Value": "never"}], "Period": 60}
    for missing in ("breaching", "notBreaching", "missing"):
        cloudwatch.put_metric_alarm(
            AlarmName=missing, TreatMissingData=missing, **ON_A_QUEUE, **never
        )
    until(lambda: state(cloudwatch, "breaching") == "ALARM", "the alarm")
    until(lambda: state(cloudwatch, "notBreaching") == "OK", "the other one's state")
    assert state(cloudwatch, "missing") == "INSUFFICIENT_DATA"


def test_an_alarm_whose_data_end_has_insufficient_data_and_says_so_only_then(stage):
    cloudwatch, sns, sqs = (stage.client(s) for s in ("cloudwatch", "sns", "sqs"))
    topic = sns.create_topic(Name="silence")["TopicArn"]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    arn = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    sent = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(sent)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    dimensions = [{"Name": "QueueName", "Value": "once"}]
    cloudwatch.put_metric_alarm(
        **{**ON_A_QUEUE, "AlarmName": "silent", "TreatMissingData": "missing", "Period": 10},
        Dimensions=dimensions,
        AlarmActions=[topic],
        InsufficientDataActions=[topic],
    )
    datum = {"MetricName": "NumberOfMessagesSent", "Value": 1, "Dimensions": dimensions}
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[datum])
    until(lambda: state(cloudwatch, "silent") == "OK", "the first datum")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)  # it was created without data
    until(lambda: state(cloudwatch, "silent") == "INSUFFICIENT_DATA", "the end of its data")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert "INSUFFICIENT_DATA" in message["Body"]
