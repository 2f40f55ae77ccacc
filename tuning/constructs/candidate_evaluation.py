"""The first half of a release: a candidate is deployed beside what is live, asked, judged, and removed.

What is live is neither changed nor reserved meanwhile, so that a person can roll back. On every path the
candidate is removed before the release goes on or ends; of one that was killed, `remove_candidates` does it.
"""

from collections.abc import Mapping

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.constructs.steps import Steps, catch_all, expression, when
from tuning.pipeline.release_tasks import (
    ANSWER_PROMPTS,
    DECIDE_RELEASE,
    DEPLOY_MODEL,
    JUDGE_ANSWERS,
    PLAN_EVALUATION,
)
from tuning.releases.release_states import ReleaseState

POLL_SECONDS = "60"
"""No event reports a deployment, so it is polled; and a quota of tokens is one by the minute.
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge.html"""


class CandidateEvaluation:
    """From `plan`, a task, to `live` when the version may go live, else to `end` with an outcome."""

    def __init__(
        self,
        scope: Construct,
        *,
        functions: Mapping[str, HandlerFunction],
        live: sfn.IChainable,
        end: sfn.IChainable,
    ) -> None:
        self._scope, self._steps = scope, Steps(scope)
        self._live, self._end = live, end
        self.plan, self._answer, self._judge, self._decide = (
            self._steps.invoke(functions[step.name])
            for step in (PLAN_EVALUATION, ANSWER_PROMPTS, JUDGE_ANSWERS, DECIDE_RELEASE)
        )
        self._deploy, self._remove = (
            self._steps.invoke(
                functions[DEPLOY_MODEL.name],
                name=name,
                given={
                    "release": "$plan.candidate",
                    "target": target,
                    "deployment": f"${gives}",
                },
                gives=gives,
            )
            for name, target, gives in (
                (ReleaseState.DEPLOY_CANDIDATE, "$plan.candidate.target", "candidate"),
                (ReleaseState.REMOVE_CANDIDATE, "null", "removal"),
            )
        )
        self._after_removal()
        fault = self._concluded(ReleaseState.EVALUATION_FAILED, "failed", "$fault.message")
        catch_all([self._deploy, self._answer, self._decide], fault)
        catch_all([self._judge], self._not_judged())
        self._definition()

    def _definition(self) -> None:
        planned = self._steps.choose(ReleaseState.EVALUATION_PLANNED)
        planned.when(when("$plan.state = 'planned'"), self._deploy)
        planned.when(when("$plan.state = 'not_needed'"), self._live)
        held = self._outcome(ReleaseState.NOT_EVALUATED, "held", "$plan.why & '.'")
        planned.otherwise(held.next(self._end))
        self.plan.next(planned)
        self._deploy.next(self._deployed())
        self._answer.next(self._answered())
        self._judge.next(self._judged())
        decided = self._steps.choose(ReleaseState.GATE_DECISION)
        decided.when(when("$gate.outcome = 'promote'"), self._remove)
        decided.otherwise(self._concluded(ReleaseState.HELD, "$gate.outcome", "$gate.summary"))
        self._decide.next(decided)

    def _deployed(self) -> sfn.Choice:
        wait = self._steps.wait(ReleaseState.WAIT_FOR_CANDIDATE, POLL_SECONDS)
        wait.next(self._deploy)
        status = self._steps.choose(ReleaseState.CANDIDATE_STATUS)
        status.when(when("$candidate.state in ['in_progress', 'queued']"), wait)
        status.when(when("$candidate.state = 'active'"), self._answer)
        why = "'The candidate was not deployed: ' & $candidate.failure & '.'"
        return status.otherwise(self._concluded(ReleaseState.NOT_A_CANDIDATE, "failed", why))

    def _answered(self) -> sfn.Choice:
        wait = self._steps.wait(ReleaseState.WAIT_FOR_QUOTA, POLL_SECONDS)
        wait.next(self._answer)
        asked = self._steps.choose(ReleaseState.ALL_ANSWERED)
        asked.when(when("$asked.state = 'done' and $exists($plan.judge)"), self._judge)
        asked.when(when("$asked.state = 'done'"), self._decide)
        asked.when(when("$asked.state = 'waiting'"), wait)
        asked.when(when("$asked.state = 'in_progress'"), self._answer)
        why = "'The prompts were not answered: ' & $asked.why & '.'"
        return asked.otherwise(self._concluded(ReleaseState.NOT_ANSWERED, "failed", why))

    def _judged(self) -> sfn.Choice:
        wait = self._steps.wait(ReleaseState.WAIT_FOR_JUDGE, POLL_SECONDS)
        wait.next(self._judge)
        judged = self._steps.choose(ReleaseState.ANSWERS_JUDGED)
        judged.when(when("$judged.state = 'in_progress'"), wait)
        return judged.otherwise(self._decide)

    def _not_judged(self) -> sfn.Pass:
        """A judge decides nothing, so that no fault of it keeps a release."""
        none = "{'judge': $plan.judge, 'why': $fault.message}"
        said = expression(f"{{'state': 'done', 'since': '', 'judgement': {none}}}")
        failed = self._steps.learn(ReleaseState.NOT_JUDGED, {"judged": said})
        failed.next(self._decide)
        return failed

    def _after_removal(self) -> None:
        """A candidate that could not be removed does not change what was decided; it is removed later."""
        wait = self._steps.wait(ReleaseState.WAIT_FOR_REMOVAL, POLL_SECONDS)
        wait.next(self._remove)
        # What was live as the evaluation began is what the candidate was compared with.
        going = "$merge([$request, {'seen': $plan.seen, 'go_ahead': {'gate': $gate.decision}}])"
        passed = self._steps.learn(ReleaseState.GATE_PASSED, {"request": expression(going)})
        gone = self._steps.choose(ReleaseState.CANDIDATE_REMOVED)
        gone.when(when("$removal.state in ['in_progress', 'queued']"), wait)
        gone.when(when("$exists($outcome.state)"), self._end)
        gone.otherwise(passed.next(self._live))
        self._remove.next(gone)
        left = self._steps.learn(ReleaseState.CANDIDATE_LEFT, {"removal": {}})
        self._remove.add_catch(left.next(gone), errors=["States.ALL"], outputs={})

    def _concluded(self, name: str, state: str, summary: str) -> sfn.Pass:
        made = self._outcome(name, state, summary)
        made.next(self._remove)
        return made

    def _outcome(self, name: str, state: str, summary: str) -> sfn.Pass:
        """`state`: a word, or JSONata that says it."""
        said = expression(state) if state.startswith("$") else state
        outcome = {"state": said, "summary": expression(summary)}
        return self._steps.learn(name, {"outcome": outcome})
