"""Ingestion: the state machine that brings changes of documents to answers, or says of which it could not.

Every path that leaves a document out of answers goes through a notice.
"""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.assistants.ingestion_states import IngestionState
from tuning.constructs.function import HandlerFunction
from tuning.constructs.notice_lines import console_link, message, subject
from tuning.constructs.reported_outcome import conclude_with
from tuning.constructs.steps import Steps, catch_all, expression, outlast, when
from tuning.pipeline.ingestion_tasks import FOLLOW_INGESTION, START_INGESTION

INGESTION_TIMEOUT = cdk.Duration.days(30)
"""Longer than retries for ten days of a job that may be there."""
_COLLECT_SECONDS = "60"
_OTHERS_SECONDS = "60"
_END_SECONDS = "30"


class IngestionDefinition:
    def __init__(
        self, scope: Construct, *, functions: Mapping[str, HandlerFunction], topic: sns.ITopic
    ) -> None:
        self._scope, self._steps, self._topic = scope, Steps(scope), topic
        self._region = cdk.Stack.of(scope).region
        self._start, self._follow = (
            self._steps.invoke(functions[step.name]) for step in (START_INGESTION, FOLLOW_INGESTION)
        )
        self._notify = self._notice(
            IngestionState.NOTIFY,
            "'Documents of ' & $assistant & ': ' & $outcome.state",
            ["$outcome.summary", console_link(self._region)],
        )
        self._notify.next(self._outcome())
        fault = self._concluded(IngestionState.STEP_FAILED, "'failed'", "$fault.message")
        catch_all([self._start, self._follow], fault)
        self._start.next(self._started())
        self._follow.next(self._status())
        self.start = self._begin().next(self._refusals())

    def _begin(self) -> sfn.Pass:
        given = ("assistant", "ingestion_id", "changes", "refused")
        known = {name: expression(f"$states.input.{name}") for name in given}
        execution = {"execution": expression("$states.context.Execution.Id")}
        empty: dict[str, object] = {name: {} for name in ("progress", "followed", "outcome")}
        return self._steps.learn(IngestionState.BEGIN, {**known, **execution, **empty})

    def _refusals(self) -> sfn.Choice:
        """What will not be in answers is said before the rest is ingested, which may take long."""
        changes = self._steps.choose(IngestionState.CHANGES)
        changes.when(when("$changes > 0"), self._start)
        changes.otherwise(sfn.Succeed.jsonata(self._scope, IngestionState.NOTHING))
        notify = self._notice(
            IngestionState.NOTIFY_REFUSED,
            "'Documents of ' & $assistant & ' refused'",
            ["$join($refused, '; ')", console_link(self._region)],
        )
        notify.next(changes)
        choice = self._steps.choose(IngestionState.DOCUMENTS_REFUSED)
        choice.when(when("$count($refused) > 0"), notify)
        choice.otherwise(changes)
        return choice

    def _started(self) -> sfn.Choice:
        choice = self._steps.choose(IngestionState.STARTED)
        for state, name, seconds in (
            ("collecting", IngestionState.COLLECT, _COLLECT_SECONDS),
            ("waiting", IngestionState.WAIT_FOR_OTHERS, _OTHERS_SECONDS),
        ):
            wait = self._steps.wait(name, seconds)
            choice.when(when(f"$progress.state = '{state}'"), wait.next(self._start))
        choice.when(when("$progress.state = 'started'"), self._follow)
        covered = sfn.Succeed.jsonata(self._scope, IngestionState.COVERED)
        choice.when(when("$progress.state = 'covered'"), covered)
        choice.otherwise(self._concluded(IngestionState.NOT_STARTED, "'failed'", "$progress.why"))
        return choice

    def _status(self) -> sfn.Choice:
        wait = self._steps.wait(IngestionState.WAIT_FOR_END, _END_SECONDS)
        choice = self._steps.choose(IngestionState.STATUS)
        choice.when(when("$followed.state = 'running'"), wait.next(self._follow))
        whole = sfn.Succeed.jsonata(self._scope, IngestionState.INGESTED)
        choice.when(when("$followed.state = 'complete'"), whole)
        choice.otherwise(
            self._concluded(IngestionState.NOT_WHOLE, "$followed.state", "$followed.summary")
        )
        return choice

    def _outcome(self) -> sfn.Choice:
        """A document that Bedrock cannot read is for its owner to replace; it fails no execution."""
        choice = self._steps.choose(IngestionState.OUTCOME)
        some = sfn.Succeed.jsonata(self._scope, IngestionState.SOME_FAILED)
        choice.when(when("$outcome.state = 'incomplete'"), some)
        choice.otherwise(
            sfn.Fail.jsonata(
                self._scope,
                IngestionState.FAILED,
                error="IngestionFailed",
                cause=expression("$outcome.summary"),
            )
        )
        return choice

    def _concluded(self, name: str, state: str, summary: str) -> sfn.Pass:
        return conclude_with(self._scope, name, expression(state), summary, self._notify)

    def _notice(self, name: str, says: str, lines: Sequence[str]) -> tasks.SnsPublish:
        notify = tasks.SnsPublish.jsonata(
            self._scope,
            name,
            topic=self._topic,
            subject=subject(says),
            message=sfn.TaskInput.from_text(message(lines)),
            outputs={},
        )
        outlast(notify, "States.TaskFailed")
        notify.add_catch(self._not_reported(), errors=["States.ALL"])
        return notify

    def _not_reported(self) -> sfn.Fail:
        name = IngestionState.NOT_REPORTED
        found = self._scope.node.try_find_child(name)
        if isinstance(found, sfn.Fail):
            return found
        cause = expression("$string($outcome) & $string($refused)")
        return sfn.Fail.jsonata(self._scope, name, error="IngestionNotReported", cause=cause)
