"""What the emulated Lambda and Step Functions do with work that failed: come again, when, and how."""

import itertools
import json

import pytest
import stages
from laid_tools import lay_function
from patience import until
from strict import Stage, policy

WAIT_SCALE = 0.001
ROLE = "arn:aws:iam::000000000000:role/any"
CODE = """
import os
import time

class Flaky(Exception):
    pass

def holding(event, context):
    time.sleep(6)

def flaky(event, context):
    raise Flaky("as always")

def dying(event, context):
    os.kill(os.getpid(), 9)

def noting(event, context):
    open(event["path"], "x").close()

def counting(event, context):
    first, until = context.get_remaining_time_in_millis(), time.monotonic() + 0.25
    while time.monotonic() < until:
        pass
    return [first, context.get_remaining_time_in_millis()]

def sorting(event, context):
    time.sleep(0.5)
    bad = [each["messageId"] for each in event["Records"] if each["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
"""


@pytest.fixture(scope="module")
def client():
    yield from _clients("flaky", "dying", "counting", "sorting")


@pytest.fixture
def at_most_one():
    yield from _clients("holding", "noting", "sorting", account_concurrency=1)


def _clients(*functions, **quotas):
    with stages.running(wait_scale=WAIT_SCALE, **quotas) as running:
        make = Stage(running).client
        make("iam").create_role(RoleName="any", AssumeRolePolicyDocument=policy())
        for name in functions:
            made(make, name)
        yield make


def made(client, name, code=CODE):
    lay_function(client("lambda"), name, code, Handler=f"index.{name}")


def ended(client, name, *, function="flaky", **retrier):
    """An execution of one task that always fails: how it ended, and the seconds before each retry."""
    states = client("stepfunctions")
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {}},
        "Retry": [{"ErrorEquals": ["Flaky"], **retrier}],
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Try", "States": {"Try": invoke}}
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps(definition),
        roleArn=ROLE,
    )["stateMachineArn"]
    execution = {"executionArn": states.start_execution(stateMachineArn=machine)["executionArn"]}
    until(lambda: states.describe_execution(**execution)["status"] == "FAILED", "the failure")
    events = states.get_execution_history(**execution, maxResults=1000)["events"]
    gaps = [
        (after["timestamp"] - before["timestamp"]).total_seconds()
        for before, after in itertools.pairwise(events)
        if (before["type"], after["type"]) == ("TaskFailed", "TaskScheduled")
    ]
    return states.describe_execution(**execution), gaps


def test_a_function_at_its_reserved_concurrency_is_throttled_by_the_name_that_aws_gives_it(client):
    client("lambda").put_function_concurrency(FunctionName="flaky", ReservedConcurrentExecutions=0)
    try:
        execution, gaps = ended(client, "throttled")
    finally:
        client("lambda").delete_function_concurrency(FunctionName="flaky")
    assert execution["error"] == "Lambda.TooManyRequestsException"
    assert gaps == []


def test_a_function_whose_process_dies_has_failed_by_the_name_that_aws_gives_it(client):
    """At work, and while it starts."""
    made(client, "stillborn", "import os\nos._exit(1)")
    for function in ("dying", "stillborn"):
        execution, _ = ended(client, f"{function}-machine", function=function)
        assert execution["error"] == "Runtime.ExitError", function


def test_the_time_that_is_left_to_a_function_runs_out_and_begins_anew_with_each_invocation(client):
    """A check watches it, and ends before its function is cut off."""

    def counted():
        payload = client("lambda").invoke(FunctionName="counting")["Payload"]
        first, second = json.loads(payload.read())
        assert 250 <= first - second < 2500
        return first

    for _ in range(2):
        assert 2000 < counted() <= 3000  # the default time-out is three seconds
    client("lambda").update_function_configuration(FunctionName="counting", Timeout=60)
    assert 59_000 < counted() <= 60_000


def test_a_retry_waits_longer_each_time_and_never_longer_than_its_most(client):
    _, gaps = ended(
        client, "capped", IntervalSeconds=100, BackoffRate=10, MaxDelaySeconds=300, MaxAttempts=4
    )
    least = [100 * WAIT_SCALE, *[300 * WAIT_SCALE] * 3]
    assert all(gap >= wait * 0.99 for gap, wait in zip(gaps, least, strict=True))
    assert sum(gaps) < 10  # of 111.1 s without the cap


def test_jitter_makes_a_retry_wait_anything_up_to_its_delay(client):
    often = {"BackoffRate": 1, "MaxAttempts": 8}
    _, gaps = ended(client, "spread", IntervalSeconds=50, JitterStrategy="FULL", **often)
    assert len(gaps) == 8
    assert min(gaps) < 50 * WAIT_SCALE * 0.7  # by chance in all but one of 15,000 runs


@pytest.mark.parametrize("visibility", [0, 900])
def test_a_message_is_held_while_its_batch_is_at_work_and_comes_again_only_when_it_failed(
    client, visibility
):
    """Whatever the queue's timeout, which is scaled: a message at work is nobody else's."""
    sqs = client("sqs")
    dead, queue = (
        sqs.create_queue(QueueName=f"{name}-{visibility}")["QueueUrl"] for name in ("dead", "queue")
    )
    redrive = {"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": "3"}
    policy = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": str(visibility)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=policy)
    client("lambda").create_event_source_mapping(
        EventSourceArn=_arn(sqs, queue),
        FunctionName="sorting",
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 10},
    )
    bodies = ["good", "bad", "good", "good"]
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    until(lambda: _depth(sqs, queue) == 0, "the queue to be empty")
    letters = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
    assert [letter["Body"] for letter in letters] == ["bad"]


def test_a_throttled_batch_is_tried_again_by_the_same_receive(at_most_one):
    """While the account's only execution is at work: ten times as long as a failed message is away."""
    sqs = at_most_one("sqs")
    dead, queue = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "queue"))
    redrive = {"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": "1"}
    policy = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "600"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=policy)
    at_most_one("lambda").invoke(FunctionName="holding", InvocationType="Event")
    sqs.send_message(QueueUrl=queue, MessageBody="good")
    at_most_one("lambda").create_event_source_mapping(
        EventSourceArn=_arn(sqs, queue), FunctionName="sorting", BatchSize=1
    )
    until(lambda: _depth(sqs, queue) == 0, "the queue to be empty")
    assert _depth(sqs, dead) == 0


@pytest.mark.parametrize("sender", ["a caller", "a rule"])
def test_a_throttled_event_waits_in_lambdas_own_queue(at_most_one, tmp_path, sender):
    """Longer than an error is tried again, and is no dead letter."""
    sqs, functions = at_most_one("sqs"), at_most_one("lambda")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    functions.update_function_configuration(
        FunctionName="noting", DeadLetterConfig={"TargetArn": _arn(sqs, dead)}
    )
    event = json.dumps({"path": str(tmp_path / "noted")})
    functions.invoke(FunctionName="holding", InvocationType="Event")
    until(lambda: throttled(functions), "the account's only execution to be at work")
    if sender == "a caller":
        functions.invoke(FunctionName="noting", InvocationType="Event", Payload=event)
    else:
        send_by_rule(at_most_one("events"), "noting", event)
    until((tmp_path / "noted").exists, "the function to be invoked")
    assert _depth(sqs, dead) == 0


def throttled(functions):
    try:
        functions.invoke(FunctionName="sorting", Payload=json.dumps({"Records": []}))
    except functions.exceptions.TooManyRequestsException:
        return True
    return False


def send_by_rule(events, function, event):
    events.put_rule(Name="sends", EventPattern=json.dumps({"source": ["mine"]}))
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    events.put_targets(Rule="sends", Targets=[{"Id": "it", "Arn": arn, "Input": event}])
    events.put_events(Entries=[{"Source": "mine", "DetailType": "x", "Detail": "{}"}])


def _arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]


def _depth(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)
