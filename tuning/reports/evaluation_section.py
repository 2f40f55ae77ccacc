"""The evaluation of a run's model: the decision, every side's metrics, the worst regressions."""

from tuning.evaluation.gate import Evaluation
from tuning.evaluation.judging import JudgeRating
from tuning.evaluation.records import GateDecision, MetricResult, Regression
from tuning.reports.elements import Child, Element, el
from tuning.reports.evaluation_rows import (
    confusion_rows,
    decision_lines,
    judge_lines,
    judge_rows,
    metric_rows,
)
from tuning.reports.interval_chart import interval_chart
from tuning.reports.page_parts import fact_list, grid_table, page_section
from tuning.reports.run_facts import RunPage

_WORDS = {"promote": "Promote", "hold": "Hold"}


def evaluation_section(page: RunPage) -> Element | None:
    """None of a run that has no model."""
    if page.evaluation:
        said = page.evaluated_from and (
            f"From {page.evaluated_from}, which was given with the command: it was not checked that it is about "
            "this model."
        )
        given = el("p", said, class_="remark") if said else None
        return page_section("evaluation", "Evaluation", *_evaluated(page.evaluation), given)
    if page.record.state != "trained":
        return None
    said = page.evaluation_missing or (
        "It is not known yet how it answers, compared with its base model or the live model."
    )
    return page_section("evaluation", "Evaluation", el("p", said, class_="remark"))


def _evaluated(found: Evaluation) -> list[Child]:
    decision = found.decision
    look = "good" if decision.outcome == "promote" else "error"
    reasons = [el("p", line, class_="message") for line in decision_lines(decision)]
    return [
        el("p", _WORDS[decision.outcome], class_=f"decision {look}"),
        reasons,
        _interval(decision),
        grid_table(*metric_rows(found.results)) if found.results else None,
        [_labels(result) for result in found.results if result.confusion],
        _judged(found.judgement) if found.judgement else None,
        _regressions(found),
    ]


def _interval(decision: GateDecision) -> Element | None:
    if decision.difference is None or decision.low is None or decision.high is None:
        return None
    said = f"{decision.metric}, candidate less {decision.better_than}"
    drawn = interval_chart(
        decision.low,
        decision.difference,
        decision.high,
        needed=decision.by_at_least,
        description=f"{said}: {decision.low:+.3f} to {decision.high:+.3f}",
    )
    caption = el("figcaption", el("b", said), f" with its {decision.confidence:.1%} interval")
    return el("figure", caption, drawn)


def _judged(found: JudgeRating) -> list[Child]:
    lines = [el("p", line, class_="remark") for line in judge_lines(found)]
    table = grid_table(*judge_rows(found)) if found.scores else None
    return [el("h3", "What a judge says", class_="further"), lines, table]


def _labels(result: MetricResult) -> Element:
    words = f"Labels of {result.side}: expected in rows, answered in columns"
    return el("details", el("summary", words), grid_table(*confusion_rows(result)))


def _regressions(found: Evaluation) -> list[Element] | None:
    if not found.regressions:
        return None
    number = f"{len(found.regressions):,} of {found.decision.losses:,}"
    heading = el("h3", f"Worst regressions, {number}", class_="further")
    return [heading, *(_regression(each, found.decision) for each in found.regressions)]


def _regression(worse: Regression, decision: GateDecision) -> Element:
    sides = (
        ("expected", worse.expected),
        (decision.better_than, worse.reference),
        ("candidate", worse.candidate),
    )
    return el(
        "article",
        el("p", el("b", f"Line {worse.line:,}, {worse.difference:+.3f}"), " ", worse.question),
        fact_list(sides, class_="sides"),
        class_="rule",
    )
