"""The check of a run's dataset as a section of its page: the whole of it, folded where nothing is to be fixed."""

from tuning.datasets.report import Report
from tuning.reports import advice, outline
from tuning.reports.elements import Child, Element, el
from tuning.reports.page_parts import fact_list, page_section
from tuning.reports.report_page import finding_sections, statistics_section
from tuning.reports.run_facts import RunPage
from tuning.reports.scale import count


def check_section(page: RunPage) -> Element | None:
    """None before the check."""
    if report := page.report:
        return page_section("check", "Check", *_checked(report))
    if not (dataset := page.record.dataset):
        return None
    missing = el("p", page.check_missing, class_="remark") if page.check_missing else None
    return page_section("check", "Check", el("p", dataset.summary), missing)


def _checked(report: Report) -> list[Child]:
    found = outline.groups(report)
    facts = [(g.rule, f"{g.title}, {count(g.count, 'time')}") for g in found]
    fixed = [(what, count(often, "time")) for what, often in outline.repairs(report)]
    repaired = [el("p", "Repaired in the prepared copy:", class_="remark"), fact_list(fixed)]
    is_open = "" if report.verdict == "refused" else None
    whole = [finding_sections(found) if found else None, statistics_section(report)]
    return [
        el("p", f"{report.verdict.capitalize()}. {advice.verdict(report)}", class_="message"),
        fact_list(facts, class_="rules") if found else None,
        repaired if fixed else None,
        el("details", el("summary", "Findings and figures"), whole, open=is_open),
    ]
