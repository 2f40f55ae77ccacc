"""A run for people in a browser: how far it has come, from what to what, and what comes next.

The same function at every milestone: what there is not yet is left out, or said to come.
"""

from collections.abc import Iterator

from tuning.reports.check_section import check_section
from tuning.reports.elements import Element, el
from tuning.reports.evaluation_section import evaluation_section
from tuning.reports.lineage import lineage_section
from tuning.reports.model_card import model_card
from tuning.reports.page_parts import (
    SignMark,
    fact_list,
    next_section,
    page_aside,
    page_card,
    verdict_sign,
)
from tuning.reports.run_advice import outcome_sentence, run_commands
from tuning.reports.run_facts import RunPage
from tuning.reports.run_price import price_card
from tuning.reports.sheet import sheet
from tuning.reports.training_section import training_section

_GENERATOR = "tuning report"
_LOOKS: dict[str, tuple[str, SignMark]] = {
    "trained": ("accepted", "tick"),
    "refused": ("refused", "cross"),
    "failed": ("refused", "cross"),
    "stopped": ("open", "cross"),
}
"""The class and the sign of an outcome; a run that goes on has neither colour nor end."""


def run_html(page: RunPage) -> str:
    """The whole page."""
    steps = next_section(run_commands(page))
    main = (
        training_section(page),
        evaluation_section(page),
        check_section(page),
        lineage_section(page),
    )
    return sheet(
        f"{page.heading}: {page.title}",
        el("a", "Skip to the results", href="#results", class_="skip"),
        el("header", _outcome(page), steps, class_="top"),
        el(
            "div",
            el("main", main, id="results", tabindex="-1"),
            page_aside(price_card(page), model_card(page), _run(page)),
            class_="columns",
        ),
        el("footer", el("p", _footer(page))),
        generator=_GENERATOR,
    )


def is_run_page(text: str) -> bool:
    """Whether a file is one that this has written."""
    return f'<meta name="generator" content="{_GENERATOR}">' in text.partition("<title>")[0]


def _outcome(page: RunPage) -> Element:
    look, mark = _LOOKS.get(page.record.state, ("open", "dots"))
    return el(
        "section",
        el("p", page.title, class_="eyebrow"),
        el("h1", verdict_sign(mark), el("span", page.heading)),
        el("p", outcome_sentence(page), class_="lede"),
        class_=f"verdict {look}",
    )


def _run(page: RunPage) -> Element:
    return page_card("run", "This run", fact_list(_facts(page), class_="names"))


def _facts(page: RunPage) -> Iterator[tuple[str, str]]:
    record = page.record
    yield "run", record.id
    yield "environment", page.environment
    yield "arrived", record.arrived_at
    if record.ended_at:
        yield "ended", record.ended_at
    if record.approval_reason:
        yield "a person was asked", record.approval_reason
    if record.approval:
        yield "decided", record.approval.sentence
    if record.attempt > 1:
        yield "jobs", "two: the first ended without a model"
    if record.stop_asked:
        yield "asked to stop", record.stop_asked
    if record.outcome and record.outcome.kind:
        yield "kind", record.outcome.kind


def _footer(page: RunPage) -> str:
    again = page.command("report", "--open", page.record.id)
    return (
        f"As of {page.made_at}; {again} writes it again. This page is one file. It loads nothing, runs "
        "nothing and reports to nobody that it was read."
    )
