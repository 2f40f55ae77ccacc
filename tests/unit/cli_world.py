"""A deployed environment in dictionaries, for the commands of the operators' room."""

from types import SimpleNamespace

from recipe_refusal_cases import exceptions, refusal

from tuning.cli.account import Account
from tuning.runs.run_record import RunRecord


class FakeSQS:
    """Two queues; `dead` are bodies of dead letters, received two at a time."""

    def __init__(self, count):
        self.count, self.moved, self.dead, self.received = count, [], [], 0

    def receive_message(self, *, QueueUrl, MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds):  # noqa: N803 — AWS's names
        assert (QueueUrl, WaitTimeSeconds) == ("dead", 1)
        assert MaxNumberOfMessages <= 10
        assert VisibilityTimeout
        bodies = self.dead[self.received : self.received + 2]
        found = [
            {"MessageId": f"m{number}", "Body": body}
            for number, body in enumerate(bodies, self.received)
        ]
        self.received += 2
        return {"Messages": found} if found else {}

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803 — AWS's names
        known = {"QueueArn": f"arn:{QueueUrl}", "ApproximateNumberOfMessages": str(self.count)}
        known["ApproximateNumberOfMessagesNotVisible"] = "0"
        return {"Attributes": {name: known[name] for name in AttributeNames}}

    def start_message_move_task(self, **task):
        self.moved.append(task)


class FakeHistory:
    """Of Step Functions, what was entered and when, by execution; and its answers to tasks."""

    def __init__(self, step_functions):
        self.entered = {}
        self.exceptions = step_functions.exceptions
        self.send_task_success = step_functions.send_task_success
        self.describe_execution = step_functions.describe_execution
        self.executions = step_functions.executions
        self.tokens = step_functions.tokens

    def get_paginator(self, operation):
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn):  # noqa: N803 — AWS's name
        name = executionArn.rsplit(":", 1)[-1]
        if name not in self.entered:
            raise self.exceptions.ExecutionDoesNotExist(
                {"Error": {"Code": "ExecutionDoesNotExist"}}, "GetExecutionHistory"
            )
        for state, at in self.entered[name]:
            yield {"events": [{"stateEnteredEventDetails": {"name": state}, "timestamp": at}]}
        yield {"events": [{"executionSucceededEventDetails": {}}]}


class FakeStacks:
    """CloudFormation: each stack has these outputs; without any there is none."""

    exceptions = exceptions()
    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, *outputs):
        self.outputs = outputs

    def describe_stacks(self, *, StackName):  # noqa: N803 — AWS's names
        if not self.outputs:
            raise refusal("ValidationError", message=f"{StackName} does not exist")
        return {"Stacks": [{"Outputs": list(self.outputs)}]}


def an_account(aws, monkeypatch):
    """What every command finds, whatever environment it names."""
    aws.sqs = FakeSQS(count=2)
    aws.cloudformation = FakeStacks()
    aws.sts = SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:ann"})
    aws.stepfunctions = FakeHistory(aws.stepfunctions)
    lay_account(
        aws,
        monkeypatch,
        LedgerTable="ledger",
        DatasetsBucket="datasets",
        ArtifactsBucket="artifacts",
        DeadLetters="dead",
        Queue="queue",
        StateMachine="arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun",
    )
    return aws


def lay_account(services, monkeypatch, **outputs):
    """Whatever environment a command names, it has these outputs, and these are its clients."""
    account = Account(client=lambda service: getattr(services, service), outputs=outputs)
    monkeypatch.setattr(Account, "of", lambda *_: account)


def lay(aws, number, **facts):
    """A run that the ledger has; the number is its id. Returns the id."""
    run_id = f"{number:032x}"
    at = f"2026-11-23T07:00:{number % 60:02}Z"
    first = {
        "id": run_id,
        "month": "2026-11",
        "arrived_at": at,
        "turn": f"{at}#{run_id}",
        "recipe": "support",
        "upload": f"s3://bucket/datasets/support/{number}/train.jsonl",
    }
    return aws.dynamodb.lay(RunRecord(**{**first, **facts}))


def left(command, **given):
    """The exit code of a command."""
    try:
        command(**given)
    except SystemExit as end:
        return int(end.code)
    return 0
