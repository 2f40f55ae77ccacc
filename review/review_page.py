"""The page for a reviewer: one file that loads nothing and runs nothing."""

from collections.abc import Callable, Sequence
from importlib.resources import files

from review import policy_sections, sections
from review.evidence import Evidence
from review.measures import Measure, measures
from review.sheet_parts import Section, sign
from tuning.reports.elements import Element, el
from tuning.reports.scale import count
from tuning.reports.sheet import sheet

SECTIONS: tuple[Callable[[Evidence], Section], ...] = (
    sections.gates,
    sections.accepted_findings,
    policy_sections.role_permissions,
    policy_sections.decisions,
    policy_sections.mutations,
    sections.space,
    sections.weakened_properties,
    sections.threats,
    sections.data_flow,
    sections.cost,
    sections.templates,
    sections.made,
)


def review_html(evidence: Evidence) -> str:
    shown = [section(evidence) for section in SECTIONS]
    found = measures(evidence)
    return sheet(
        "Review of Bedrock Private Tuning",
        el("a", "Skip to the sections", href="#sections", class_="skip"),
        _top(evidence, found),
        _contents(shown),
        el("main", [_section(each) for each in shown], id="sections", tabindex="-1"),
        el("footer", el("p", _FOOTER)),
        style=files("review").joinpath("page.css").read_text(encoding="utf-8"),
    )


_FOOTER = (
    "This page is one file. It loads nothing and runs nothing. Everything in it was computed by "
    "make review from the commit that it names, and lies beside it as files for programs."
)


def _top(evidence: Evidence, found: Sequence[Measure]) -> Element:
    bad = sum(not measure.met for measure in found)
    verdict = f"{bad} of {len(found)} do not hold" if bad else "Everything holds"
    changed = ", with changes" if evidence.commit.changed else ""
    environments = " and ".join(review.environment for review in evidence.reviews)
    return el(
        "header",
        el("p", f"Bedrock Private Tuning · {evidence.commit.id[:12]}{changed} · {evidence.commit.date}",
           class_="eyebrow"),
        el("h1", sign(good=not bad), el("span", verdict)),
        el("p", f"{count(len(found), 'figure')} with a target, computed from the templates of "
           f"{environments}. Each links to its evidence.", class_="lede"),
        el("ul", [_measure(each) for each in found], class_="measures"),
        class_=f"verdict {'refused' if bad else 'accepted'}",
    )  # fmt: skip


def _measure(measure: Measure) -> Element:
    said = "holds" if measure.met else "does not hold"
    return el(
        "li",
        el(
            "a",
            el("b", measure.value),
            el("span", measure.name),
            el(
                "span",
                sign(good=measure.met),
                f" {said}; target: {measure.target}",
                class_="target",
            ),
            href=f"#{measure.section}",
        ),
        class_="measure" if measure.met else "measure unmet",
    )


def _contents(shown: Sequence[Section]) -> Element:
    items = [el("li", el("a", each.name, href=f"#{each.anchor}")) for each in shown]
    return el("nav", el("ul", items), class_="chips wide", aria_label="Sections")


def _section(section: Section) -> Element:
    title = f"{section.anchor}-title"
    return el(
        "section",
        el("h2", section.title, id=title),
        el("p", section.said, class_="said"),
        section.body,
        id=section.anchor,
        aria_labelledby=title,
    )
