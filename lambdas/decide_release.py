"""Whether a candidate may go live, by its answers and those of what it is compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.evaluation_files import EvaluationFiles, read_prompts
from tuning.evaluation.gate import EvaluationError, evaluate
from tuning.evaluation.records import GateDecision, ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.serving import Serving
from tuning.releases.evaluation_plan import SIDES, EvaluationPlan, GateOutcome
from tuning.runs.function_settings import EvaluationSettings

_settings = cache(EvaluationSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    plan = EvaluationPlan.from_json(event["plan"])
    options = deployed_recipes.gate(plan.recipe)
    if options is None:
        raise EvaluationError(f"{plan.recipe}: its table [release] is no longer deployed")
    files = EvaluationFiles(
        bucket=_settings().artifacts_bucket, run_id=plan.run_id, execution=plan.execution
    )
    prompts = read_prompts(plan.prompts_uri, base_model=plan.base_model)
    sides = [side for side in SIDES if side == "candidate" or side in plan.models]
    answers = {side: files.answers(side) for side in sides}
    found = evaluate(prompts, answers, options)
    decided = _outcome(plan, found.decision, options, uri=files.conclude(found))
    decided = replace(decided, summary=f"{decided.summary} {_cost(plan, answers.values())}")
    logger.info("decided", outcome=decided.outcome, why=decided.summary)
    return decided.to_json()


def _cost(plan: EvaluationPlan, answers: Iterable[Sequence[ModelAnswer]]) -> str:
    """What the answers cost, at the prices of the base model, which its custom models have on demand too."""
    given = made = 0
    for each in chain.from_iterable(answers):
        given += each.input_tokens or 0
        made += each.output_tokens or 0
    usd = Serving.of(plan.base_model).of_tokens(given, made)
    about = "no dated price is known" if usd is None else f"about {usd:.4f} USD"
    return f"The evaluation took {given + made:,} tokens, {about}."


def _outcome(
    plan: EvaluationPlan, decision: GateDecision, options: ReleaseOptions, *, uri: str
) -> GateOutcome:
    by_hand = f"tuning promote {plan.recipe} {plan.version}"
    first, *others = decision.reasons
    reasons = " ".join([f"{first}.", *(f"{each[:1].upper()}{each[1:]}." for each in others)])
    if decision.outcome == "hold":
        said = f"The gate holds version {plan.version}: {reasons} {by_hand} overrules it."
        return GateOutcome(outcome="held", decision=decision, summary=said, uri=uri)
    if options.promote == "ask":
        said = f"Version {plan.version} passes the gate, and waits for a person: {reasons} {by_hand} brings it live."
        return GateOutcome(outcome="passed", decision=decision, summary=said, uri=uri)
    said = f"It passes the gate: {reasons}"
    return GateOutcome(outcome="promote", decision=decision, summary=said, uri=uri)
