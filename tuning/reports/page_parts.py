"""Parts that the pages share: the sign beside a heading, what to do next, cards, facts and tables."""

from collections.abc import Iterable, Sequence
from typing import Literal

from tuning.reports.elements import Child, Element, el

SignMark = Literal["tick", "cross", "dots"]

_STROKES = {
    "tick": "M11.5 20.5 L17.5 26.5 L28.5 14.5",
    "cross": "M13 13 L27 27 M27 13 L13 27",
    "dots": "M12 20 h0.1 M20 20 h0.1 M28 20 h0.1",
}


def verdict_sign(mark: SignMark) -> Element:
    return el(
        "svg",
        el("circle", cx="20", cy="20", r="20", class_="disc"),
        el("path", d=_STROKES[mark], class_="stroke"),
        viewBox="0 0 40 40",
        aria_hidden="true",
        class_="sign",
    )


def next_section(steps: Iterable[tuple[str, str | None]]) -> Element:
    """What happens, each with the command that does it."""
    items = [
        el("li", el("div", said, command and command_line(command))) for said, command in steps
    ]
    heading = el("h2", "What happens next", id="next")
    return el("section", heading, el("ol", items), class_="next", aria_labelledby="next")


def command_line(command: str) -> Element:
    return el("code", command, class_="command")


def page_section(anchor: str, heading: str, *parts: Child) -> Element:
    return el("section", el("h2", heading, id=anchor), *parts, aria_labelledby=anchor)


def page_aside(*cards: Element | None) -> Element | None:
    return el("aside", cards, aria_label="About this run") if any(cards) else None


def page_card(anchor: str, heading: str, *parts: Child) -> Element:
    top = el("h2", heading, id=anchor)
    return el("section", top, *parts, class_="card", aria_labelledby=anchor)


def fact_list(facts: Iterable[tuple[str, str]], class_: str | None = None) -> Element:
    rows = [el("div", el("dt", name), el("dd", value)) for name, value in facts]
    return el("dl", rows, class_=class_)


def grid_table(columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> Element:
    """Names down, `columns` across, numbers in the cells."""
    head = el("tr", el("td", ""), [el("th", column, scope="col") for column in columns])
    body = [
        el("tr", el("th", name, scope="row"), [el("td", cell) for cell in cells])
        for name, cells in rows
    ]
    return wide_table(el("table", el("thead", head), el("tbody", body)))


def wide_table(table: Element) -> Element:
    """What is wider than a phone scrolls by itself, also with the keyboard."""
    return el("div", table, class_="wide", tabindex="0", role="group", aria_label="Table")


def folded_table(table: Element) -> Element:
    return el("details", el("summary", "As a table"), wide_table(table))
