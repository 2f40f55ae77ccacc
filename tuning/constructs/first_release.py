"""A run whose recipe has a gate has its model evaluated as it ends trained, once.

The state machine starts the release itself, and its definition says that nobody has asked for it: a function that
was taken over can have a version evaluated, and cannot bring one live in a person's name.
"""

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.release import release_arn
from tuning.constructs.steps import Steps, expression, outlast, when
from tuning.releases.go_ahead import GoAhead
from tuning.runs.machine_states import MachineState

_STARTED_BEFORE = "Sfn.ExecutionAlreadyExistsException"


class FirstRelease:
    """From `begin` to `then`, whatever becomes of the release: a run that trained stays trained."""

    def __init__(self, scope: Construct, *, then: sfn.IChainable) -> None:
        start = sfn.CustomState(scope, MachineState.START_RELEASE, state_json=_start(scope))
        start.add_retry(errors=[_STARTED_BEFORE], max_attempts=0)
        outlast(start, "States.TaskFailed")
        start.add_catch(then, errors=[_STARTED_BEFORE], outputs={})
        failed = sfn.Pass.jsonata(
            scope,
            MachineState.RELEASE_NOT_STARTED,
            assign={"result": expression(f"$merge([$result, {{'summary': {_NOT_STARTED}}}])")},
            outputs={},
        )
        start.add_catch(failed, errors=["States.ALL"], outputs={})
        failed.next(then)
        start.next(then)
        self.begin = Steps(scope).choose(MachineState.HAS_GATE)
        self.begin.when(when("$exists($result.release)"), start)
        self.begin.otherwise(then)


_NOT_STARTED = (
    "$result.summary & ' Its release was not started; this does: tuning release ' & $run.id & '.'"
)


def _start(scope: Construct) -> dict[str, object]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"""
    asked = (
        "'recipe': $split($run.upload.key, '/')[1], 'version': $result.version, "
        f"'kind': 'release', 'go_ahead': {GoAhead().to_json()}"
    )
    return {
        "Type": "Task",
        "Resource": f"arn:{cdk.Stack.of(scope).partition}:states:::aws-sdk:sfn:startExecution",
        "Arguments": {
            "StateMachineArn": release_arn(scope),
            "Name": expression("$result.release"),
            "Input": expression(f"$string({{{asked}}})"),
        },
        "Output": {},
    }
