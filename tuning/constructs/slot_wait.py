"""A run for which Bedrock has no job slot waits for one, and costs nothing while it waits.

Its task token goes into the run's row, in the attribute that the index `Queue` has and no other index or
notice. Anyone who reads that index can let runs of the queue try, and cannot answer what is asked of a
person: that token is in another attribute, which the index has not.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.outcomes import Outcomes
from tuning.constructs.steps import catch_all, expression, outlast
from tuning.runs.job_queue import ASK_AGAIN_SECONDS
from tuning.runs.machine_states import MachineState

_NOT_QUEUED = "DynamoDb.ConditionalCheckFailedException"


class SlotWait:
    """The state `wait`, and after it `again`: the state that tries to start the job."""

    def __init__(
        self,
        scope: Construct,
        *,
        ledger: dynamodb.ITable,
        again: sfn.IChainable,
        end: Outcomes,
    ) -> None:
        self.wait = sfn.CustomState(
            scope, MachineState.WAIT_FOR_JOB_SLOT, state_json=_waiting(scope, ledger)
        )
        self.wait.add_retry(errors=[_NOT_QUEUED], max_attempts=0)
        outlast(self.wait, "States.TaskFailed")
        # Its run was stopped or has ended, or nobody answered for a day: the next try finds out.
        nothing: dict[str, object] = {"queue": {}}
        self.wait.add_catch(
            again, errors=[_NOT_QUEUED, "States.Timeout"], assign=nothing, outputs={}
        )
        catch_all([self.wait], end.fault)
        self.wait.next(again)


def _waiting(scope: Construct, ledger: dynamodb.ITable) -> dict[str, object]:
    """Raw, since the CDK's own tasks render no timeout as an expression. After a rollback the function
    of the first version answers how long to wait for the next try, and nobody answers the token.
    """
    said = "$exists($job.wait_seconds) and $job.wait_seconds > 0"
    seconds = f"{said} ? $job.wait_seconds : {ASK_AGAIN_SECONDS}"
    return {
        "Type": "Task",
        "Resource": (
            f"arn:{cdk.Stack.of(scope).partition}:states:::"
            "aws-sdk:dynamodb:updateItem.waitForTaskToken"
        ),
        "Arguments": {
            "TableName": ledger.table_name,
            "Key": {"pk": {"S": expression("$run.id")}},
            "UpdateExpression": (
                "SET slot_token = :token, #queue = :waiting, "
                "queued_at = if_not_exists(queued_at, :now)"
            ),
            "ConditionExpression": "#state = :queued AND attribute_not_exists(stop_asked)",
            "ExpressionAttributeNames": {"#state": "state", "#queue": "queue"},
            "ExpressionAttributeValues": {
                ":token": {"S": expression("$states.context.Task.Token")},
                ":now": {"S": expression("$states.context.State.EnteredTime")},
                ":waiting": {"S": "job_slots"},
                ":queued": {"S": "queued"},
            },
        },
        "TimeoutSeconds": expression(seconds),
        "Assign": {"queue": expression("$states.result")},
        "Output": {},
    }
