"""How a machine ends: its last function records the outcome, people are notified, and the execution ends as it says."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.notice_lines import message, subject
from tuning.constructs.steps import Steps, expression, outlast, when


def report_outcome(
    scope: Construct,
    finish: sfn.TaskStateBase,
    *,
    topic: sns.ITopic,
    states: type[StrEnum],
    succeeded: Mapping[str, Sequence[str]],
    says: str,
    lines: Sequence[str],
    recorded: str,
    what: str,
) -> None:
    """What could not be recorded is reported all the same. `states`: names of the machine's, of which the last are
    NOTIFY, NOT_REPORTED, OUTCOME and FAILED, and those in `succeeded`, each with the outcomes that end in it. `says` and
    `lines`: JSONata of the notice. `recorded`: the variable with the answer of `finish`. `what`: a noun that begins the
    names of errors, such as `Release`.
    """
    notify = tasks.SnsPublish.jsonata(
        scope,
        states["NOTIFY"],
        topic=topic,
        subject=subject(f"{says} & ': ' & $outcome.state"),
        message=sfn.TaskInput.from_text(message(lines)),
        outputs={},
    )
    outlast(notify, "States.TaskFailed")
    not_reported = sfn.Fail.jsonata(
        scope,
        states["NOT_REPORTED"],
        error=f"{what}NotReported",
        cause=expression("$string($outcome)"),
    )
    notify.add_catch(not_reported, errors=["States.ALL"])
    finish.add_catch(notify, errors=["States.ALL"], assign={recorded: {}}, outputs={})
    end = Steps(scope).choose(states["OUTCOME"])
    for name, outcomes in succeeded.items():
        succeed = sfn.Succeed.jsonata(scope, name, outputs=expression("$outcome"))
        end.when(when(f"$outcome.state in {list(outcomes)}"), succeed)
    failed = sfn.Fail.jsonata(
        scope, states["FAILED"], error=f"{what}Failed", cause=expression("$outcome.summary")
    )
    end.otherwise(failed)
    finish.next(notify)
    notify.next(end)


def conclude_with(
    scope: Construct, name: str, state: str, summary: str, then: sfn.IChainable
) -> sfn.Pass:
    """The outcome is `state`, and the JSONata `summary` says it; `then` records it."""
    outcome = {"state": state, "summary": expression(summary)}
    made = Steps(scope).learn(name, {"outcome": outcome})
    made.next(then)
    return made
