"""What a run's model is, in a card: how it was made, of what, and what it is known not to be."""

from collections.abc import Iterator

from tuning.reports.elements import Element, el
from tuning.reports.page_parts import fact_list, page_card
from tuning.reports.run_facts import RunPage

_EMULATED_MODEL = (
    "Made by the emulated Bedrock, which trains nothing: it has learnt nothing from its dataset."
)


def model_card(page: RunPage) -> Element | None:
    """Before there is a model, what is to make it; None of a run whose recipe is not known."""
    if page.recipe is None:
        return None
    limits = [el("li", limit) for limit in _limits(page)]
    known = [el("p", el("b", "Known limits"), class_="known"), el("ul", limits, class_="basis")]
    heading = "Model card" if page.record.model_arn else "Recipe"
    facts = fact_list(_facts(page), class_="names")
    return page_card("model", heading, facts, known if limits else None)


def _facts(page: RunPage) -> Iterator[tuple[str, str]]:
    recipe, record = page.recipe, page.record
    if recipe is None:
        return
    yield "recipe", recipe.name
    yield "for", recipe.description
    yield "base model", recipe.base_model
    yield "method", recipe.method
    given = recipe.hyperparameters or {"the service's": "defaults"}
    yield "hyperparameters", ", ".join(f"{name} {value}" for name, value in given.items())
    if record.dataset and record.dataset.training_uri:
        yield "dataset", f"{record.dataset.records:,} records"
        for name, sha in page.copies:
            yield f"SHA-256 of the {name}", sha
        yield "tokens of an epoch, estimated", f"{record.dataset.training_tokens:,}"
    if page.model and page.model.trained_at:
        yield "trained", page.model.trained_at
    if page.model and page.model.approved_by:
        yield "price approved by", page.model.approved_by


def _limits(page: RunPage) -> Iterator[str]:
    """Of a model that there is."""
    record, dataset, results = page.record, page.record.dataset, page.record.results
    if not record.model_arn:
        return
    if page.is_emulated:
        yield _EMULATED_MODEL
    if dataset and not dataset.validation_uri:
        yield "Trained without a validation set: nothing shows whether it memorized its data."
    if results and (curve := results.validation) and curve.last > curve.lowest:
        yield (
            f"Its validation loss was lowest at {curve.lowest:g} and ended at {curve.last:g}: fewer epochs "
            "may be better."
        )
    if results and results.rejected_records:
        yield f"Bedrock rejected {results.rejected_records:,} of its records."
    if page.evaluation is None:
        yield "Not compared with its base model or the live model."
    elif page.evaluation.decision.outcome == "hold":
        yield f"Not proven better than {page.evaluation.decision.better_than}."
