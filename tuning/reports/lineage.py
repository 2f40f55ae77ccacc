"""Where a run's model comes from and where it went: each step with the name that AWS has for it."""

from collections.abc import Iterator

from tuning.reports.elements import Element, el
from tuning.reports.page_parts import fact_list, page_section
from tuning.reports.run_facts import RunPage
from tuning.reports.scale import count

_Name = tuple[str, str]


def lineage_section(page: RunPage) -> Element:
    """What there is not yet is named; what never will be is left out."""
    known = [(step, list(names)) for step, names in _steps(page)]
    steps = [_step(step, names) for step, names in known if names or not page.record.ended]
    return page_section("lineage", "Lineage", el("ol", steps, class_="lineage"))


def _step(step: str, names: list[_Name]) -> Element:
    if not names:
        return el("li", el("b", step), el("p", "not yet", class_="remark"), class_="missing")
    return el("li", el("b", step), fact_list(names, class_="names"))


def _steps(page: RunPage) -> Iterator[tuple[str, Iterator[_Name]]]:
    yield "Upload", _upload(page)
    yield "Prepared copy", _prepared(page)
    yield "Job", _job(page)
    yield "Model", _model(page)
    yield "Version", _version(page)
    yield "Live", _live(page)


def _upload(page: RunPage) -> Iterator[_Name]:
    yield "object", page.record.upload
    if run := page.record.training_run:
        yield "version", run.upload.version_id
    yield "arrived", page.record.arrived_at


def _prepared(page: RunPage) -> Iterator[_Name]:
    for name, sha in page.copies:
        yield f"SHA-256 of the {name}", sha
    if page.copies and page.record.dataset:
        yield "holds", count(page.record.dataset.records, "record")


def _job(page: RunPage) -> Iterator[_Name]:
    if page.record.job_arn:
        yield "ARN", page.record.job_arn
    if (run := page.record.training_run) and page.record.job_arn:
        yield "name", run.job_name
        yield "SHA-256 of the recipe", run.recipe.digest


def _model(page: RunPage) -> Iterator[_Name]:
    if page.record.model_arn:
        yield "ARN", page.record.model_arn
    if page.model and page.model.trained_at:
        yield "trained", page.model.trained_at


def _version(page: RunPage) -> Iterator[_Name]:
    if page.model:
        yield "number", f"{page.model.version} of {page.model.recipe}"


def _live(page: RunPage) -> Iterator[_Name]:
    live, model = page.live, page.model
    if not (live and model):
        return
    if page.is_live:
        yield "deployment", live.deployment_arn or "not known"
    else:
        other = f"version {live.version} is" if live.version else f"nothing of {live.recipe} is"
        yield "status", f"not live; {other}"
    if live.change:
        yield "under way", f"{live.change.kind} of version {live.change.version}"
