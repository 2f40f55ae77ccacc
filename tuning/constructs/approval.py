"""A run that may not spend by itself asks a person, and waits for the answer without looking.

The task token goes from Step Functions into the run's row and the execution's history, and nowhere else: no notice and no log
holds it. Who answers needs the right to read the ledger and to answer tasks of state machines.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.notice_lines import message, run_subject
from tuning.constructs.outcomes import Outcomes
from tuning.constructs.steps import (
    WAITS_NO_MORE,
    Steps,
    catch_all,
    expression,
    outlast,
    wait_for_answer,
    when,
)
from tuning.runs.machine_states import MachineState
from tuning.runs.run_record import RunRecord

_SECONDS = "$exists($spend.approval_seconds) ? $spend.approval_seconds : $spend.seconds"
"""The second is what the function of the first version says, after a rollback."""
_OTHER_RUN = (
    "$exists($spend.question) and ($exists($approval.run) ? $approval.run != $run.id : true)"
)
"""A question that says nothing of itself is one of the former version's function, and so are its answers."""
_OTHER_QUESTION = " or ".join(
    f"($exists($approval.question.{each}) ? $approval.question.{each} : 'none') != "
    f"($exists($spend.question.{each}) ? $spend.question.{each} : 'none')"
    for each in ("usd", "dataset", "again", "recipe")
)
"""Most runs ask for no data again, and by what is deployed. JSONata compares nothing with what is missing."""


class ApprovalWait:
    """From `ask`, its first state, to `granted`, a state of the caller, or to an outcome. `lines` are what the
    notice says of the run, and how to answer.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        ledger: dynamodb.ITable,
        topic: sns.ITopic,
        end: Outcomes,
        lines: Sequence[str],
    ) -> None:
        self._scope, self._end, self._steps = scope, end, Steps(scope)
        self.ask = self._ask(topic, lines)
        self._wait = self._waiting(ledger)
        outlast(self.ask, "States.TaskFailed")
        self._wait.add_catch(end.expired, errors=["States.Timeout"], outputs={})
        catch_all([self.ask], end.fault)
        self._answer = self._steps.choose(MachineState.APPROVED)
        self._refused = self._not_taken()
        self._answer.when(when(_OTHER_RUN), self._refused)
        self._answer.when(when("$approval.decision = 'stop'"), end.stopped_early)
        self._answer.when(when(f"$exists($spend.question) and ({_OTHER_QUESTION})"), self._refused)
        self._answer.when(when("$approval.decision = 'reject'"), end.rejected)
        self.ask.next(self._wait).next(self._answer)

    def granted(self, again: sfn.IChainable) -> None:
        """What was approved is authorized once more: no approval takes more than a budget has. So is a
        run that asks no more: someone has stopped it, or its row was lost and is written anew.
        """
        self._wait.add_catch(again, errors=[WAITS_NO_MORE], outputs={})
        catch_all([self._wait], self._end.fault)
        self._answer.when(when("$approval.decision = 'approve'"), again)
        self._answer.otherwise(self._refused)
        self._refused.next(again)

    def _not_taken(self) -> sfn.Pass:
        """An answer to another question, such as by a token that was put into another run's row: the run asks
        once more, and says so.
        """
        said = {"by": "by", "run": "run", "usd": "question.usd"}
        kept = {
            name: expression(f"$exists($approval.{at}) ? $string($approval.{at}) : 'none'")
            for name, at in said.items()
        }
        learnt = {"refused_answer": kept, "approval": {}}
        return self._steps.learn(MachineState.ANSWER_NOT_TAKEN, learnt)

    def _ask(self, topic: sns.ITopic, lines: Sequence[str]) -> tasks.SnsPublish:
        return tasks.SnsPublish.jsonata(
            self._scope,
            MachineState.REQUEST_APPROVAL,
            topic=topic,
            subject=run_subject("'waits for approval'"),
            message=sfn.TaskInput.from_text(message(["$spend.why", "$dataset.report_uri", *lines])),
            outputs={},
        )

    def _waiting(self, ledger: dynamodb.ITable) -> sfn.CustomState:
        return wait_for_answer(
            self._scope,
            MachineState.WAIT_FOR_APPROVAL,
            ledger,
            update=f"SET {RunRecord.attribute('task_token')} = :token",
            condition="#state = :awaiting AND attribute_not_exists(stop_asked)",
            names={"#state": "state"},
            values={":awaiting": "awaiting_approval"},
            seconds=_SECONDS,
            gives="approval",
        )
