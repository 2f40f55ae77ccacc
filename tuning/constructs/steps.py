"""The building blocks of the state machine: invoke a step, choose, conclude, catch."""

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.pipeline.step import Step
from tuning.runs.ledger_item import KEY
from tuning.runs.outcome import Charge

# What heals by itself. Everything a step does may be done twice.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_TRANSIENT = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "Transient",  # of tuning/aws/transient.py
]

# The process died, such as for want of memory, perhaps between two calls to AWS.
# As seen in executions: https://github.com/awslabs/amazon-s3-find-and-forget/pull/283
_DIED = ["Runtime.ExitError"]

# Lambda cut it off. Runtimes of today say so by a name of its own, and not as Lambda.Unknown:
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_TOOK_TOO_LONG = ["Sandbox.Timedout"]

# A role that was made just now: of tuning/aws/transient.py.
_NOT_ASSUMABLE_YET = ["role_not_assumable"]

# The run's own job, most likely, which its name does not find yet: of the same file. It is paid for, so it
# is worth three quarters of an hour, which so many tries take on average.
_NOT_FOUND_YET = ["name_in_use"]
_NOT_FOUND_TRIES = 24

# Incidents of AWS last hours: DynamoDB's of 2025-10-20 took three, and what depended on it fifteen.
# https://aws.amazon.com/message/101925/
# With full jitter a try comes a quarter of an hour after the one before, on average; it is three
# events of the 25,000 that an execution has room for.
_LONGEST_PAUSE = cdk.Duration.minutes(30)
_OUTLAST_TRIES = 100
"""A day of them."""
_FOLLOW_TRIES = 1_000
"""Ten days of them: a job that is paid for is followed to its end, whatever lasts as long."""
_DIED_TRIES = 8

# All the executions that are reserved for the function are busy, some with a large dataset: the
# rest are done in the end, and a run is in no hurry. A thousand uploads whose checks take the
# longest that a check may, ten at a time, take 25 hours; tries that are five minutes apart on
# average go on for a day and a half.
_BUSY = ["Lambda.TooManyRequestsException"]
_BUSY_TRIES = 400

# Lambda takes its network interfaces from a function that was idle for 14 days, as one may be
# between two uploads. The next invocation fails and has them made anew, which takes minutes;
# until then every other fails too.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-enis
_ASLEEP = [
    "Lambda.EC2ThrottledException",
    "Lambda.ResourceConflictException",
    "Lambda.ResourceNotReadyException",
]


WAITS_NO_MORE = "DynamoDb.ConditionalCheckFailedException"
"""As Step Functions says it of a raw task whose condition fails."""


def expression(jsonata: str) -> str:
    return f"{{% {jsonata} %}}"


class Steps:
    """The states of one machine, all made under one scope."""

    def __init__(self, scope: Construct) -> None:
        self._scope = scope

    def invoke(
        self,
        function: HandlerFunction,
        *,
        name: str = "",
        given: Mapping[str, str] | None = None,
        gives: str = "",
    ) -> tasks.LambdaInvoke:
        """The task of a step: it takes and gives the variables that the manifest says. A further task of the
        same step has a `name` of its own; it is `given` other JSONata for some of them, and `gives` another.
        """
        declared, others = function.step, given or {}
        step = tasks.LambdaInvoke.jsonata(
            self._scope,
            name or declared.title,
            lambda_function=function.function,
            payload=sfn.TaskInput.from_object(
                {name: expression(others.get(name, f"${name}")) for name in declared.takes}
                | {name: expression(said) for name, said in declared.takes_after_rollback}
            ),
            retry_on_service_exceptions=False,
            assign={gives or declared.gives: expression("$states.result.Payload")},
            outputs={},
        )
        self._retry(step, declared)
        _try_again(step, _ASLEEP, tries=10, first=30, longest=cdk.Duration.minutes(2), rate=1.5)
        _try_again(step, _BUSY, tries=_BUSY_TRIES, first=10, longest=cdk.Duration.minutes(10))
        return step

    @staticmethod
    def _retry(task: tasks.LambdaInvoke, step: Step) -> None:
        outlast(task, *_TRANSIENT, tries=_FOLLOW_TRIES if step.follows_a_job else _OUTLAST_TRIES)
        died = _FOLLOW_TRIES if step.follows_a_job else _DIED_TRIES
        cut_off = [(_TOOK_TOO_LONG, died)] if step.tried_after_timeout else []
        faults = [(_DIED, died), *cut_off, (_NOT_ASSUMABLE_YET, _DIED_TRIES)]
        if step.follows_a_job:
            faults.append((_NOT_FOUND_YET, _NOT_FOUND_TRIES))
        for errors, tries in faults:
            _try_again(task, errors, tries=tries, longest=cdk.Duration.minutes(5))

    def choose(self, name: str) -> sfn.Choice:
        return sfn.Choice.jsonata(self._scope, name)

    def conclude(self, name: str, outcome: Mapping[str, Any], *, charge: Charge) -> sfn.Pass:
        """Say how the run ended and what Bedrock may bill; settling, recording and telling follow."""
        return self.learn(name, {"outcome": outcome, "charge": charge})

    def learn(self, name: str, assign: Mapping[str, Any]) -> sfn.Pass:
        """Give variables these values; what is JSONata is an expression."""
        return sfn.Pass.jsonata(self._scope, name, assign=assign, outputs={})

    def wait(self, name: str, seconds: str) -> sfn.Wait:
        """`seconds`: JSONata. Plain text, such as "60", would be no number, and fail the execution.
        https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
        """
        time = sfn.WaitTime.seconds(expression(seconds))
        return sfn.Wait.jsonata(self._scope, name, time=time)


def outlast(
    step: sfn.TaskStateBase | sfn.CustomState, *errors: str, tries: int = _OUTLAST_TRIES
) -> None:
    """Try again after `errors` for as long as an incident of AWS may last, with few events."""
    _try_again(step, errors, tries=tries, longest=_LONGEST_PAUSE)


def _try_again(
    step: sfn.TaskStateBase | sfn.CustomState,
    errors: Sequence[str],
    *,
    tries: int,
    longest: cdk.Duration,
    first: int = 2,
    rate: float = 2,
) -> None:
    """`first`: seconds of the first pause, which grow by `rate` up to the longest."""
    step.add_retry(
        errors=list(errors),
        interval=cdk.Duration.seconds(first),
        backoff_rate=rate,
        max_attempts=tries,
        max_delay=longest,
        jitter_strategy=sfn.JitterType.FULL,
    )


def wait_for_answer(
    scope: Construct,
    name: str,
    ledger: dynamodb.ITable,
    *,
    update: str,
    condition: str,
    names: Mapping[str, str],
    values: Mapping[str, str],
    seconds: str,
    gives: str,
) -> sfn.CustomState:
    """A task that writes its token into the run's row, as `:token`, and ends with the answer to it; `seconds`: JSONata.
    Raw, since the CDK's own tasks render no timeout as an expression. Where the condition fails, nothing waits.
    """
    texts = {":token": expression("$states.context.Task.Token"), **values}
    resource = (
        f"arn:{cdk.Stack.of(scope).partition}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"
    )
    made = sfn.CustomState(
        scope,
        name,
        state_json={
            "Type": "Task",
            "Resource": resource,
            "Arguments": {
                "TableName": ledger.table_name,
                "Key": {KEY: {"S": expression("$run.id")}},
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": dict(names),
                "ExpressionAttributeValues": {key: {"S": text} for key, text in texts.items()},
            },
            "TimeoutSeconds": expression(seconds),
            "Assign": {gives: expression("$states.result")},
            "Output": {},
        },
    )
    made.add_retry(errors=[WAITS_NO_MORE], max_attempts=0)
    outlast(made, "States.TaskFailed")  # also when only the answer was lost: a new token
    return made


def call_of_stepfunctions(
    scope: Construct, name: str, operation: str, arguments: Mapping[str, Any]
) -> sfn.CustomState:
    """A task that calls Step Functions itself, and keeps nothing of its answer.
    https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    resource = f"arn:{cdk.Stack.of(scope).partition}:states:::aws-sdk:sfn:{operation}"
    task = {"Type": "Task", "Resource": resource, "Arguments": dict(arguments), "Output": {}}
    return sfn.CustomState(scope, name, state_json=task)


def when(jsonata: str) -> sfn.Condition:
    return sfn.Condition.jsonata(expression(jsonata))


_MESSAGE = r'/"errorMessage"\s*:\s*"([^\\"]*(?:\\.[^\\"]*)*)"/'
"""What Lambda says of an exception: a JSON string. JSONata takes a bracket after a backslash for no bracket."""


def catch_all(
    steps: Sequence[sfn.TaskStateBase | sfn.CustomState | sfn.DistributedMap],
    handler: sfn.IChainable,
) -> None:
    """Any fault of any of `steps` goes to `handler`, with what was said of it.

    A cause has 32,768 characters at most, so that of a Lambda with a long trace is no JSON: the message alone is read.
    UNCONFIRMED: that Step Functions cuts a longer one off. Its JSONata has all functions of 2.0.6 but `$eval`.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html
    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    cause = "$states.errorOutput.Cause"
    message = f"$match({cause}, {_MESSAGE}, 1).groups[0]"
    said = f"$exists({message}) ? $parse('\"' & {message} & '\"') : {cause}"
    for step in steps:
        step.add_catch(
            handler,
            errors=["States.ALL"],
            assign={
                "fault": {
                    "kind": expression("$states.errorOutput.Error"),
                    "message": expression(f"$exists({cause}) ? ({said}) : 'no cause was given'"),
                }
            },
            outputs={},
        )
