"""A report for people in a browser: the verdict, each finding, the figures, the price."""

import re
from collections.abc import Mapping
from typing import Any

from tuning.datasets.report import Finding, Report
from tuning.reports import advice, chart, outline
from tuning.reports import statistics_tables as statistics
from tuning.reports.elements import Child, Element, el
from tuning.reports.page_parts import (
    fact_list,
    folded_table,
    next_section,
    page_aside,
    page_card,
    page_section,
    verdict_sign,
    wide_table,
)
from tuning.reports.scale import count
from tuning.reports.sheet import sheet

_HEADINGS = {
    "error": "What has to be fixed",
    "warning": "What is worth checking",
    "note": "Good to know",
}


def report_html(
    report: Report,
    *,
    title: str,
    run: Mapping[str, Any] | None = None,
    estimate: Mapping[str, Any] | None = None,
) -> str:
    """The whole page. `run` is shown as name and value in the order given; `estimate` is the
    dictionary of `tuning.models.estimate.Estimate`.
    """
    found = outline.groups(report)
    return sheet(
        f"{report.verdict.capitalize()}: {title}",
        el("a", "Skip to the findings", href="#findings", class_="skip"),
        el(
            "header",
            _verdict(report, title),
            next_section(advice.next_steps(report, run)),
            class_="top",
        ),
        el(
            "div",
            el(
                "main",
                finding_sections(found),
                statistics_section(report),
                id="findings",
                tabindex="-1",
            ),
            page_aside(_price(estimate), _repairs(report), _run(run)),
            class_="columns",
        ),
        el("footer", el("p", _FOOTER)),
    )


_FOOTER = (
    "This page is one file. It loads nothing, runs nothing and reports to nobody that it was read. "
    "Lines and columns count from 1."
)


def _verdict(report: Report, title: str) -> Element:
    sign = verdict_sign("tick" if report.verdict == "accepted" else "cross")
    return el(
        "section",
        el("p", title, class_="eyebrow"),
        el("h1", sign, el("span", report.verdict.capitalize())),
        el("p", advice.verdict(report), class_="lede"),
        class_=f"verdict {report.verdict}",
    )


def finding_sections(found: list[outline.RuleGroup]) -> list[Element]:
    if not found:
        return [el("section", el("h2", "Findings"), el("p", "No rule found anything."))]
    sections = []
    for severity, heading in _HEADINGS.items():
        alike = [g for g in found if g.severity == severity]
        if alike:
            anchor = f"{severity}s"
            top = el("h2", heading, id=anchor)
            contents = _contents(alike) if len(alike) > 1 else None
            each = [_rule(g) for g in alike]
            sections.append(el("section", top, contents, each, aria_labelledby=anchor))
    return sections


def _contents(found: list[outline.RuleGroup]) -> Element:
    items = [
        el(
            "li",
            el("a", el("b", g.rule), " ", g.title, href=f"#{_anchor(g.rule)}"),
            _times(g.count),
        )
        for g in found
    ]
    return el("nav", el("ul", items), class_="contents", aria_label="Rules")


def _rule(group: outline.RuleGroup) -> Element:
    anchor = _anchor(group.rule)
    link = el("a", group.rule, href=f"#{anchor}", class_="rule-id")
    heading = el("h3", link, " ", group.title, _times(group.count), id=f"{anchor}-title")
    return el(
        "article",
        heading,
        _why(group),
        [_mended_alike(fix, said, group) for fix, said in group.alike().items()],
        id=anchor,
        class_=f"rule {group.severity}",
        aria_labelledby=f"{anchor}-title",
    )


def _why(group: outline.RuleGroup) -> Element | None:
    if group.facts is None:
        return None
    facts = group.facts
    source = el("a", "Source", href=facts.source, rel="noreferrer noopener external")
    return el("p", facts.why, " ", source, class_="why")


def _mended_alike(fix: str, said: outline.Said, group: outline.RuleGroup) -> Element:
    listed = [_finding(message, where, group) for message, where in said.items()]
    how = el("p", el("b", "How to fix"), " ", fix, class_="fix")
    last = group.unlisted and fix == group.listed[-1].fix
    more = el("p", f"and {group.unlisted:,} more", class_="more") if last else None
    return el("div", el("ul", listed, class_="found"), more, how)


def _finding(message: str, where: list[outline.Numbered], group: outline.RuleGroup) -> Element:
    shared = outline.shared_field(where)
    said = [
        el("span", message) if message != group.title else None,
        el("code", shared, class_="field") if shared else None,
    ]
    places = [
        el("li", _place(f"{_anchor(group.rule)}-{n}", finding, finding.field != shared))
        for n, finding in where
    ]
    kind = "alone" if len(where) == 1 else "many"
    words = el("p", said, class_="message")
    return el("li", el("ul", places, class_="places"), words, class_=kind)


def _place(anchor: str, finding: Finding, has_own_field: bool) -> list[Child]:  # noqa: FBT001
    field = el("code", finding.field, class_="field") if has_own_field else None
    place = el("code", finding.file, el("span", outline.within(finding), class_="at"))
    return [el("a", place, href=f"#{anchor}", id=anchor), field]


def statistics_section(report: Report) -> Element | None:
    drawn = statistics.histograms(report.statistics)
    table = statistics.statistics_table(report.statistics)
    if not (drawn or table):
        return None
    figures = [_figure(n, h) for n, h in enumerate(drawn, start=1)]
    rows = _table(table) if table else None
    return page_section("statistics", "The data in figures", figures, rows)


def _figure(n: int, histogram: statistics.Histogram) -> Element:
    title, unit = f"Records by {histogram.measure}", histogram.unit
    drawn = chart.histogram(
        histogram.bins, anchor=f"chart-{n}", title=title, noun="record", unit=unit
    )
    table = chart.histogram_table(histogram.bins, noun="record", unit=unit)
    caption = el("figcaption", el("b", title), f" in {unit}, {histogram.file}")
    return el("figure", caption, drawn, folded_table(table))


def _table(table: statistics.Table) -> list[Element]:
    head = el("tr", el("td", ""), [el("th", c, scope="col") for c in table.columns])
    rows = [
        el("tr", el("th", name, scope="row"), [_cell(cell) for cell in cells])
        for name, cells in table.rows
    ]
    remarks = [el("p", remark, class_="remark") for remark in table.remarks]
    return [wide_table(el("table", el("thead", head), el("tbody", rows))), *remarks]


def _cell(cell: statistics.Cell) -> Element:
    return el("td", cell.text, class_=None if cell.number else "words")


def _price(estimate: Mapping[str, Any] | None) -> Element | None:
    if estimate is None:
        return None
    figure, facts, basis = advice.price(estimate)
    sources = el("ul", [el("li", line) for line in basis], class_="basis")
    big = [el("p", figure, class_="figure"), el("p", "for training the model once")]
    return page_card("price", "Price estimate", big, fact_list(facts), sources)


def _repairs(report: Report) -> Element | None:
    fixed = outline.repairs(report)
    if not fixed:
        return None
    sentence = "Done in the prepared copy. Your file and its text are as they were."
    facts = [(what, count(often, "time")) for what, often in fixed]
    return page_card("repairs", "Repaired", el("p", sentence), fact_list(facts))


def _run(run: Mapping[str, Any] | None) -> Element | None:
    if not run:
        return None
    facts = [
        (name.replace("_", " "), "not known" if value is None else str(value))
        for name, value in run.items()
    ]
    return page_card("run", "This run", fact_list(facts, class_="names"))


def _times(number: int) -> Element | None:
    return None if number == 1 else el("span", " ", count(number, "time"), class_="times")


def _anchor(rule: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", rule)
