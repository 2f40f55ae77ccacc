"""Release: the state machine that evaluates a version, and brings it live or leaves what was live as it was.

Every path goes through `Finish release`, which records what answers as Bedrock says, and then notifies.
"""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from tuning.constructs.candidate_evaluation import POLL_SECONDS, CandidateEvaluation
from tuning.constructs.function import HandlerFunction
from tuning.constructs.notice_lines import message, subject
from tuning.constructs.steps import Steps, catch_all, expression, outlast, when
from tuning.pipeline.release_tasks import (
    BEGIN_RELEASE,
    DEPLOY_MODEL,
    FINISH_RELEASE,
    VERIFY_RELEASE,
)
from tuning.releases.release_states import ReleaseState


class ReleaseDefinition:
    def __init__(
        self, scope: Construct, *, functions: Mapping[str, HandlerFunction], topic: sns.ITopic
    ) -> None:
        self._scope, self._steps, self._topic = scope, Steps(scope), topic
        self._begin, self._deploy, self._verify, self._finish = (
            self._steps.invoke(functions[step.name])
            for step in (BEGIN_RELEASE, DEPLOY_MODEL, VERIFY_RELEASE, FINISH_RELEASE)
        )
        self._report()
        self._evaluation = CandidateEvaluation(
            scope, functions=functions, live=self._begin, end=self._finish
        )
        fault = self._concluded(ReleaseState.STEP_FAILED, "failed", "$fault.message")
        catch_all([self._evaluation.plan, self._begin, self._deploy, self._verify], fault)
        self.start = self._definition()

    def _definition(self) -> sfn.IChainable:
        begun = self._steps.choose(ReleaseState.RELEASE_BEGUN)
        target = sfn.Pass.jsonata(
            self._scope,
            ReleaseState.DEPLOY,
            assign={"target": expression("$release.target")},
            outputs={},
        )
        begun.when(when("$release.state = 'begun'"), target.next(self._deploy))
        begun.otherwise(self._concluded(ReleaseState.NOT_BEGUN, "refused", "$release.why"))
        self._begin.next(begun)
        self._deploy.next(self._deployed())
        first = sfn.Pass.jsonata(
            self._scope,
            ReleaseState.BEGIN,
            assign={
                "request": expression("$states.input"),
                # Not as the input has it: an execution of any other name would speak for that one.
                "execution": expression("$states.context.Execution.Name"),
                "deployment": {},
                "verified": {},
                "target": None,
                "asked": {},
                "candidate": {},
                "judged": {},
                "gate": {},
                "outcome": {},
                "removal": {},
            },
            outputs={},
        )
        asked = self._steps.choose(ReleaseState.ASKED_FOR)
        asked.when(when("$request.kind = 'release'"), self._evaluation.plan)
        asked.otherwise(self._begin)
        return first.next(asked)

    def _deployed(self) -> sfn.Choice:
        """`verified` is empty until the new model was asked, so that it says which way the loop goes."""
        wait = self._steps.wait(ReleaseState.WAIT_FOR_DEPLOYMENT, POLL_SECONDS)
        wait.next(self._deploy)
        status = self._steps.choose(ReleaseState.DEPLOYMENT_STATUS)
        status.when(when("$deployment.state in ['in_progress', 'queued']"), wait)
        why = "'It did not answer: ' & $verified.why & '.'"
        restored = self._concluded(ReleaseState.RESTORED, "failed", why)
        status.when(when("$exists($verified.state)"), restored)
        status.when(when("$deployment.state = 'active'"), self._verify)
        failed = self._concluded(ReleaseState.NOT_DEPLOYED, "failed", "$deployment.failure & '.'")
        status.otherwise(failed)
        answers = self._steps.choose(ReleaseState.MODEL_ANSWERS)
        why = "'It answers.' & ($exists($gate.summary) ? ' ' & $gate.summary : '')"
        live = self._concluded(ReleaseState.MODEL_LIVE, "released", why)
        answers.when(when("$verified.state = 'answered'"), live)
        same = "$exists($release.before) and $release.before = $release.target"
        answers.when(when(same), restored)  # nothing else was live
        back = sfn.Pass.jsonata(
            self._scope,
            ReleaseState.RESTORE,
            assign={
                "target": expression("$exists($release.before) ? $release.before : null"),
                "deployment": {},
            },
            outputs={},
        )
        answers.otherwise(back.next(self._deploy))
        self._verify.next(answers)
        return status

    def _concluded(self, name: str, state: str, summary: str) -> sfn.Pass:
        outcome: dict[str, Any] = {"state": state, "summary": expression(summary)}
        made = sfn.Pass.jsonata(self._scope, name, assign={"outcome": outcome}, outputs={})
        made.next(self._finish)
        return made

    def _report(self) -> None:
        """What could not be recorded is reported all the same; the next release takes over."""
        asked = "$request.kind & ' of ' & $request.recipe & ' version ' & $string($request.version)"
        notify = tasks.SnsPublish.jsonata(
            self._scope,
            ReleaseState.NOTIFY,
            topic=self._topic,
            subject=subject(f"{asked} & ': ' & $outcome.state"),
            message=sfn.TaskInput.from_text(
                message(["$exists($recorded.summary) ? $recorded.summary : $outcome.summary"])
            ),
            outputs={},
        )
        outlast(notify, "States.TaskFailed")
        not_reported = sfn.Fail.jsonata(
            self._scope,
            ReleaseState.NOT_REPORTED,
            error="ReleaseNotReported",
            cause=expression("$string($outcome)"),
        )
        notify.add_catch(not_reported, errors=["States.ALL"])
        self._finish.add_catch(notify, errors=["States.ALL"], assign={"recorded": {}}, outputs={})
        end = self._steps.choose(ReleaseState.OUTCOME)
        for name, states in (
            (ReleaseState.RELEASED, ["released"]),
            (ReleaseState.REFUSED, ["refused", "held", "passed"]),
        ):
            succeed = sfn.Succeed.jsonata(self._scope, name, outputs=expression("$outcome"))
            end.when(when(f"$outcome.state in {states}"), succeed)
        end.otherwise(
            sfn.Fail.jsonata(
                self._scope,
                ReleaseState.FAILED,
                error="ReleaseFailed",
                cause=expression("$outcome.summary"),
            )
        )
        self._finish.next(notify)
        notify.next(end)


RELEASE_TIMEOUT = cdk.Duration.days(30)
"""Longer than two loops of two hours with retries for ten days each."""
