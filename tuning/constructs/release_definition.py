"""Release: the state machine that evaluates a version, and brings it live or leaves what was live as it was.

Every path goes through `Finish release`, which records what answers as Bedrock says, and then notifies.
"""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.candidate_evaluation import POLL_SECONDS, CandidateEvaluation
from tuning.constructs.function import HandlerFunction
from tuning.constructs.reported_outcome import conclude_with, report_outcome
from tuning.constructs.steps import Steps, catch_all, expression, when
from tuning.pipeline.release_tasks import (
    BEGIN_RELEASE,
    DEPLOY_MODEL,
    FINISH_RELEASE,
    VERIFY_RELEASE,
)
from tuning.releases.release_states import ImportedReleaseState, ReleaseState


class ReleaseDefinition:
    def __init__(
        self,
        scope: Construct,
        *,
        functions: Mapping[str, HandlerFunction],
        topic: sns.ITopic,
        imports: bool,
    ) -> None:
        """`imports`: whether a recipe imports models."""
        self._scope, self._steps, self._topic = scope, Steps(scope), topic
        self._imports = imports
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
        to_be_live = {"target": expression("$release.target")}
        target = self._steps.learn(ReleaseState.DEPLOY, to_be_live)
        begun.when(when("$release.state = 'begun'"), target.next(self._deploy))
        begun.otherwise(self._concluded(ReleaseState.NOT_BEGUN, "refused", "$release.why"))
        self._begin.next(begun)
        self._deploy.next(self._deployed())
        first = self._steps.learn(
            ReleaseState.BEGIN,
            {
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
        failed = self._concluded(ReleaseState.NOT_DEPLOYED, "failed", "$deployment.failure & '.'")
        answers = self._steps.choose(ReleaseState.MODEL_ANSWERS)
        why = "'It answers.' & ($exists($gate.summary) ? ' ' & $gate.summary : '')"
        live = self._concluded(ReleaseState.MODEL_LIVE, "released", why)
        if self._imports:
            self._imported(status, answers, live=live, failed=failed)
        status.when(when("$exists($verified.state)"), restored)
        status.when(when("$deployment.state = 'active'"), self._verify)
        status.otherwise(failed)
        answers.when(when("$verified.state = 'answered'"), live)
        same = "$exists($release.before) and $release.before = $release.target"
        answers.when(when(same), restored)  # nothing else was live
        before = expression("$exists($release.before) ? $release.before : null")
        back = self._steps.learn(ReleaseState.RESTORE, {"target": before, "deployment": {}})
        answers.otherwise(back.next(self._deploy))
        self._verify.next(answers)
        return status

    def _imported(
        self, status: sfn.Choice, answers: sfn.Choice, *, live: sfn.Pass, failed: sfn.Pass
    ) -> None:
        """An imported model is loaded by the first question, and what was live stays so until it has answered."""
        answered = "$exists($verified.state) and $verified.state = 'answered'"
        status.when(when(f"{answered} and $deployment.state = 'active'"), live)
        status.when(when(answered), failed)
        wait = self._steps.wait(ImportedReleaseState.WAIT_FOR_LOADING, POLL_SECONDS)
        answers.when(when("$verified.state = 'cold'"), wait.next(self._verify))
        verified = expression("$merge([$deployment, {'verified': true}])")
        retire = self._steps.learn(ImportedReleaseState.RETIRE, {"deployment": verified})
        beside = "$release.imported = true and $not($deployment.verified = true)"
        answers.when(when(f"$verified.state = 'answered' and {beside}"), retire.next(self._deploy))

    def _concluded(self, name: str, state: str, summary: str) -> sfn.Pass:
        return conclude_with(self._scope, name, state, summary, self._finish)

    def _report(self) -> None:
        """The next release takes over what could not be recorded."""
        report_outcome(
            self._scope,
            self._finish,
            topic=self._topic,
            states=ReleaseState,
            succeeded={
                ReleaseState.RELEASED: ["released"],
                ReleaseState.REFUSED: ["refused", "held", "passed"],
            },
            says="$request.kind & ' of ' & $request.recipe & ' version ' & $string($request.version)",
            lines=["$exists($recorded.summary) ? $recorded.summary : $outcome.summary"],
            recorded="recorded",
            what="Release",
        )


RELEASE_TIMEOUT = cdk.Duration.days(30)
"""Longer than two loops of two hours with retries for ten days each."""
