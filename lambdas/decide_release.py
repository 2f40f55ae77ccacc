"""Whether a candidate may go live, by its answers and those of what it is compared with."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

from msgspec import structs

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.evaluation_files import EvaluationFiles, read_prompts
from tuning.evaluation.gate import EvaluationError, evaluate
from tuning.evaluation.records import GateDecision, ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.catalog import catalog
from tuning.models.serving import Serving
from tuning.releases.asked_judge import AskedJudge
from tuning.releases.evaluation_plan import EvaluationPlan, GateOutcome, GateResult, promoting
from tuning.releases.release_settings import EvaluationSettings

_settings = cache(EvaluationSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    plan = EvaluationPlan.from_json(event["plan"])
    options = deployed_recipes.gate(plan.recipe)
    if options is None:
        raise EvaluationError(f"{plan.recipe}: its table [release] is no longer deployed")
    files = EvaluationFiles.of(plan, _settings().artifacts_bucket)
    prompts = read_prompts(plan.prompts_uri, base_model=plan.base_model)
    answers = {side: files.answers(side) for side in plan.sides}
    found = evaluate(prompts, answers, options)
    outcome, said = _outcome(plan, found.decision, options)
    # After the decision, and none of it: executions of the former version have no such variable.
    judged = AskedJudge.kept(event.get("judged"))
    judgement = judged.judgement if judged else None
    found = structs.replace(found, judgement=judgement)
    beside = f" {judgement}" if judgement else ""
    decided = GateOutcome(
        outcome=outcome,
        decision=found.decision,
        summary=f"{said} {_cost(plan, answers.values())}{beside}",
        uri=files.conclude(found),
    )
    logger.info("decided", outcome=decided.outcome, why=decided.summary)
    return decided.to_json()


def _cost(plan: EvaluationPlan, answers: Iterable[Sequence[ModelAnswer]]) -> str:
    """What the answers cost, at the prices of the base model, which its custom models have on demand too."""
    given = made = 0
    for each in chain.from_iterable(answers):
        given += each.input_tokens or 0
        made += each.output_tokens or 0
    serving = Serving.of(plan.base_model)
    usd = serving.of_tokens(given, made)
    about = "no dated price is known" if usd is None else f"about {usd:.4f} USD"
    if not catalog().model(plan.base_model).on_demand:
        about = f"those of Provisioned Throughput paid by the hour: {serving.provisioned_costs}"
    return f"The evaluation took {given + made:,} tokens, {about}."


def _outcome(
    plan: EvaluationPlan, decision: GateDecision, options: ReleaseOptions
) -> tuple[GateResult, str]:
    """With what it says to people."""
    by_hand = promoting(plan.recipe, plan.version, _settings().environment)
    first, *others = decision.reasons
    reasons = " ".join([f"{first}.", *(f"{each[:1].upper()}{each[1:]}." for each in others)])
    if decision.outcome == "hold":
        return (
            "held",
            f"The gate holds version {plan.version}: {reasons} {by_hand} overrules it.",
        )
    if options.promote == "ask":
        passes = f"Version {plan.version} passes the gate, and waits for a person"
        return "passed", f"{passes}: {reasons} {by_hand} brings it live."
    return "promote", f"It passes the gate: {reasons}"
