"""The losses of a run's training as curves, with the same values as a table."""

from tuning.reports import chart
from tuning.reports.elements import Element, el
from tuning.reports.page_parts import folded_table, page_section
from tuning.reports.run_facts import RunPage
from tuning.reports.scale import count
from tuning.reports.series import Series
from tuning.runs.training_metrics import Curve, Results

EMULATED_TRAINING = "The emulated Bedrock trains nothing: these losses are derived from the job's name, and mean nothing."
_FEW = 24
"""Points that are marked with a dot each, so that the values of a few epochs can be read beside the line."""


def training_section(page: RunPage) -> Element | None:
    results = page.record.results
    if results is None:
        return None
    remarks = [*([EMULATED_TRAINING] if page.is_emulated else ()), *_remarks(results)]
    said = [el("p", remark, class_="remark") for remark in remarks]
    return page_section("training", "Training", _curves(results), said)


def _curves(results: Results) -> Element | None:
    series = [
        Series(name=name, points=curve.points, marked=len(curve.points) <= _FEW)
        for name, curve in _named(results)
        if curve.points
    ]
    if not series:
        return None
    drawn = chart.line_chart(
        series, anchor="losses", title="Loss by step", x_name="step", y_name="loss"
    )
    names = " and ".join(one.name for one in series)
    caption = el("figcaption", el("b", "Loss by step"), f" of the {names} set")
    return el("figure", caption, drawn, folded_table(chart.line_table(series, x_name="step")))


def _remarks(results: Results) -> list[str]:
    said = []
    for name, curve in _named(results):
        kept = (
            f", of which {len(curve.points):,} are drawn"
            if 0 < len(curve.points) < curve.steps
            else ""
        )
        said.append(
            f"{name.capitalize()} loss {curve.first:g} to {curve.last:g}, lowest {curve.lowest:g}, "
            f"{count(curve.steps, 'value')}{kept}."
        )
        if not curve.points:
            said.append(f"The {name} curve was not kept: the run ended before curves were.")
    if results.training is None:
        said.append("Bedrock left no training metrics.")
    if results.rejected_records:
        said.append(f"Bedrock itself rejected {count(results.rejected_records, 'record')}.")
    return said


def _named(results: Results) -> list[tuple[str, Curve]]:
    both = (("training", results.training), ("validation", results.validation))
    return [(name, curve) for name, curve in both if curve]
