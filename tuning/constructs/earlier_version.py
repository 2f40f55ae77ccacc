"""An earlier version of the same object, which has no job yet, gives way to the run that is beginning.

It is asked to stop as `tuning stop` asks: it never starts a job from then on, and one that starts at that
moment is stopped at its first poll. What it waits for, a person or a job slot, is answered by the machine
itself, whose definition says the one word `stop`: no function can answer an approval in this way.
"""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.outcomes import Outcomes
from tuning.constructs.steps import (
    Steps,
    call_of_stepfunctions,
    catch_all,
    expression,
    outlast,
    when,
)
from tuning.runs.ledger_item import KEY
from tuning.runs.machine_states import MachineState
from tuning.runs.newest_version import gave_way_to
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import WITHOUT_JOB

_HAS_JOB_OR_ENDED = "DynamoDB.ConditionalCheckFailedException"
_BY = gave_way_to("' & $run.id & '")
_TRIES = 5
"""If it cannot be answered, it ends as stopped all the same, at the next step that it takes."""


class EarlierVersion:
    """From `stop`, its first state, to `then`."""

    def __init__(
        self, scope: Construct, *, ledger: dynamodb.ITable, then: sfn.IChainable, end: Outcomes
    ) -> None:
        self.stop = _stop(scope, ledger)
        self.stop.add_retry(errors=[_HAS_JOB_OR_ENDED], max_attempts=0)
        outlast(self.stop, "States.TaskFailed")
        self.stop.add_catch(then, errors=[_HAS_JOB_OR_ENDED], outputs={})
        read = _read(scope, ledger)
        outlast(read, "States.TaskFailed")
        catch_all([self.stop, read], end.fault)
        answer = call_of_stepfunctions(
            scope, MachineState.ANSWER_EARLIER_VERSION, "sendTaskSuccess", _ANSWER
        )
        answer.add_retry(
            errors=["States.TaskFailed"],
            max_attempts=_TRIES,
            jitter_strategy=sfn.JitterType.FULL,
            max_delay=cdk.Duration.minutes(1),
        )
        answer.add_catch(then, errors=["States.ALL"], outputs={})  # it waits no longer, as a rule
        waits = Steps(scope).choose(MachineState.EARLIER_VERSION_WAITS)
        waits.when(when("$exists($earlier.token)"), answer)
        waits.otherwise(then)
        answer.next(then)
        self.stop.next(read).next(waits)


def _stop(scope: Construct, ledger: dynamodb.ITable) -> tasks.DynamoUpdateItem:
    """Only a run of the same object, whatever the input says."""
    value = tasks.DynamoAttributeValue.from_string
    states = {f":from{n}": value(state) for n, state in enumerate(sorted(WITHOUT_JOB))}
    names = ("state", "upload", "stop_asked")
    return tasks.DynamoUpdateItem.jsonata(
        scope,
        MachineState.STOP_EARLIER_VERSION,
        table=ledger,
        key={KEY: value(expression("$run.supersedes"))},
        update_expression="SET #stop_asked = if_not_exists(#stop_asked, :by)",
        condition_expression=f"#upload = :upload AND #state IN ({', '.join(states)})",
        expression_attribute_names={f"#{name}": RunRecord.attribute(name) for name in names},
        expression_attribute_values={
            ":by": value(expression(f"'{_BY}'")),
            ":upload": value(expression("'s3://' & $run.upload.bucket & '/' & $run.upload.key")),
            **states,
        },
        outputs={},
    )


def _read(scope: Construct, ledger: dynamodb.ITable) -> tasks.DynamoGetItem:
    """What it waited for when it was asked to stop; from then on it waits for nothing new."""
    names = ("state", "task_token", "slot_token")
    row = "$states.result.Item"
    token = f"{row}.state.S = 'queued' ? {row}.slot_token.S : {row}.task_token.S"
    return tasks.DynamoGetItem.jsonata(
        scope,
        MachineState.READ_EARLIER_VERSION,
        table=ledger,
        key={KEY: tasks.DynamoAttributeValue.from_string(expression("$run.supersedes"))},
        consistent_read=True,
        projection_expression=[
            tasks.DynamoProjectionExpression().with_attribute(f"#{name}") for name in names
        ],
        expression_attribute_names={f"#{name}": RunRecord.attribute(name) for name in names},
        assign={"earlier": expression(f"{{'token': {token}}}")},
        outputs={},
    )


_ANSWER = {
    "TaskToken": expression("$earlier.token"),
    "Output": expression(
        f"$string({{'decision': 'stop', 'run': $run.supersedes, 'slot': false, 'by': '{_BY}'}})"
    ),
}
