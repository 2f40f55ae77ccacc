"""A run whose recipe has a gate has its model evaluated as it ends trained, once.

The state machine starts the release itself, and its definition says that nobody has asked for it: a function that
was taken over can have a version evaluated, and cannot bring one live in a person's name.
"""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.notice_lines import run_commands_of
from tuning.constructs.release import NAME
from tuning.constructs.state_machine import machine_arn
from tuning.constructs.steps import Steps, call_of_stepfunctions, expression, outlast, when
from tuning.releases.go_ahead import GoAhead
from tuning.runs.machine_states import MachineState

_STARTED_BEFORE = "Sfn.ExecutionAlreadyExistsException"


class FirstRelease:
    """From `begin` to `then`, whatever becomes of the release: a run that trained stays trained."""

    def __init__(self, scope: Construct, *, environment: str, then: sfn.IChainable) -> None:
        steps = Steps(scope)
        start = call_of_stepfunctions(
            scope, MachineState.START_RELEASE, "startExecution", _arguments(scope)
        )
        start.add_retry(errors=[_STARTED_BEFORE], max_attempts=0)
        outlast(start, "States.TaskFailed")
        start.add_catch(then, errors=[_STARTED_BEFORE], outputs={})
        (command,) = run_commands_of(environment, "release")
        said = f"$result.summary & ' Its release was not started; this does: ' & {command} & '.'"
        summary = expression(f"$merge([$result, {{'summary': {said}}}])")
        failed = steps.learn(MachineState.RELEASE_NOT_STARTED, {"result": summary})
        start.add_catch(failed, errors=["States.ALL"], outputs={})
        failed.next(then)
        start.next(then)
        self.begin = steps.choose(MachineState.HAS_GATE)
        self.begin.when(when("$exists($result.release)"), start)
        self.begin.otherwise(then)


def _arguments(scope: Construct) -> dict[str, str]:
    asked = (
        "'recipe': $split($run.upload.key, '/')[1], 'version': $result.version, "
        f"'kind': 'release', 'go_ahead': {GoAhead().to_json()}"
    )
    return {
        "StateMachineArn": machine_arn(scope, NAME),
        "Name": expression("$result.release"),
        "Input": expression(f"$string({{{asked}}})"),
    }
