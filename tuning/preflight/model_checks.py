"""Whether the base models of the recipes can be trained here."""

from collections.abc import Iterator

from tuning.preflight.facts import Facts, NoAnswer, OfferedModel
from tuning.preflight.finding import AccountFinding, ok, unanswered, unknown, will_fail
from tuning.preflight.needs import Needs

_CHECK = "model"
_ANOTHER = "Take another base_model in the recipe: tuning models lists them."
_AVAILABILITY = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html"


def model_findings(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    for model, recipes in needs.models.items():
        found = _model(needs, model, facts.models[model])
        yield (
            ok(found.check, found.subject, f"{found.why}; for {', '.join(recipes)}")
            if found.outcome == "ok" and recipes
            else found
        )


def _model(needs: Needs, model: str, answer: OfferedModel | NoAnswer | None) -> AccountFinding:
    match answer:
        case NoAnswer():
            return unanswered(_CHECK, model, answer)
        case None:
            why = f"Bedrock does not offer it in {needs.region}"
            return will_fail(_CHECK, model, why, _ANOTHER)
    if useless := _no_job(answer, needs.methods.get(model, ())):
        return will_fail(_CHECK, model, useless, _ANOTHER)
    if answer.missing:
        why = f"this account has no access to it: {', '.join(answer.missing)}"
        fix = f"Ask for access to the model, or for the policy that denies it: {_AVAILABILITY}"
        return will_fail(_CHECK, model, why, fix)
    if answer.agreement != "AVAILABLE":
        why = f"its agreement is {answer.agreement}; AWS makes it at the first use, or asks for a form"
        fix = f"Accept the model's terms in the Bedrock console: {_AVAILABILITY}"
        return unknown(_CHECK, model, why, fix)
    return ok(_CHECK, model, "is active and can be customized")


def _no_job(model: OfferedModel, wanted: tuple[str, ...]) -> str | None:
    """Why Bedrock makes no job of it."""
    if model.lifecycle != "ACTIVE":
        return f"is {model.lifecycle}: Bedrock starts no new jobs for it"
    if lacking := [method for method in wanted if method not in model.methods]:
        listed = ", ".join(model.methods) or "nothing"
        return f"Bedrock lists {listed} for it, and not {', '.join(lacking)}"
    return None
