"""Ask the candidate and what it is compared with the prompts of the evaluation, one after the other.

One at a time: quotas of tokens are the account's, and those who ask the live model come first
(docs/decisions/0035).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.evaluation_files import EvaluationFiles, read_prompts
from tuning.aws.streamed_answers import answered_prompt
from tuning.aws.transient import Transient
from tuning.evaluation.records import EvaluationPrompt, ModelAnswer
from tuning.releases.deployment_status import Deployed
from tuning.releases.evaluation_plan import AskedPrompts, EvaluationPlan
from tuning.releases.release_settings import EvaluationSettings

_settings = cache(EvaluationSettings.from_env)
_RESERVED_SECONDS = 120
"""Of the function's time: for one more answer, and to keep those that there are."""
MOST_AT_ONCE = 100
"""Prompts of one invocation: what is lost with a function that dies is asked again, and billed again."""
MOST_STALLS = 120
"""Invocations a minute apart in which no prompt was answered: quotas of tokens are by the minute."""


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    plan = EvaluationPlan.from_json(event["plan"])
    candidate = Deployed.from_json(event["candidate"])
    before = AskedPrompts.kept(event.get("asked")) or AskedPrompts()
    models = {**plan.models, "candidate": str(candidate.arn)}
    sides = plan.sides
    prompts = read_prompts(plan.prompts_uri, base_model=plan.base_model)
    if before.answered >= len(sides) * len(prompts):
        return AskedPrompts(state="done", answered=before.answered).to_json()
    number, first = divmod(before.answered, len(prompts))
    side = sides[number]

    def hurried() -> bool:
        return bool(context.get_remaining_time_in_millis() < 1000 * _RESERVED_SECONDS)

    batch = prompts[first : first + MOST_AT_ONCE]
    answers, why = _answers(models[side], batch, hurried)
    if answers:
        EvaluationFiles.of(plan, _settings().artifacts_bucket).keep(side, first, answers)
    asked = _progress(before, len(answers), why, of=len(sides) * len(prompts))
    logger.info("asked", side=side, state=asked.state, answered=asked.answered, why=why)
    return asked.to_json()


def _answers(
    model: str, prompts: Sequence[EvaluationPrompt], hurried: Callable[[], bool]
) -> tuple[list[ModelAnswer], str]:
    """Until the time is up or AWS has to be waited for; then with the reason."""
    answers: list[ModelAnswer] = []
    for prompt in prompts:
        if answers and hurried():
            break
        try:
            answers.append(answered_prompt(model, prompt))
        except Transient as error:
            return answers, str(error)
    return answers, ""


def _progress(before: AskedPrompts, answered: int, why: str, *, of: int) -> AskedPrompts:
    now, stalls = before.answered + answered, 0 if answered else before.stalls + 1
    if stalls > MOST_STALLS:
        failed = f"no prompt was answered in {stalls:,} tries: {why}"
        return AskedPrompts(state="failed", answered=now, stalls=stalls, why=failed)
    if why:
        return AskedPrompts(state="waiting", answered=now, stalls=stalls, why=why)
    return AskedPrompts(state="done" if now >= of else "in_progress", answered=now)
