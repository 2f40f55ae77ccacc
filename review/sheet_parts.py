"""What sections of the page are made of."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuning.reports.elements import Child, Element, el

_LONGEST = 300
"""Characters of one piece of text: longer ones would be cut where they are made harmless."""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_STRESSED = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True, kw_only=True)
class Section:
    anchor: str
    name: str
    """One or two words, for the list of sections."""
    title: str
    said: str
    """What the reader takes away who reads nothing else of it."""
    body: Sequence[Child]


def grid(head: Sequence[str], rows: Iterable[Sequence[Child]], *, class_: str = "") -> Element:
    """A table that scrolls by itself when it is wider than the screen."""
    top = el("thead", el("tr", [el("th", each, scope="col") for each in head]))
    body = el("tbody", [el("tr", [el("td", cell) for cell in row]) for row in rows])
    return el("div", el("table", top, body), class_=f"wide {class_}".strip(), tabindex="0")


def folded(title: Child, times: str, *body: Child, bad: bool = False) -> Element:
    """Closed until it is asked for; open when something in it is not as it must be."""
    head = el("summary", el("span", title), el("span", times, class_="times"))
    kind = "fold bad" if bad else "fold"
    return el(
        "details", head, el("div", *body, class_="inside"), class_=kind, open="" if bad else None
    )


def code(text: str) -> Element:
    """Code of any length, whole."""
    return el("code", _pieces(text))


def listing(lines: Iterable[str]) -> Element:
    return el(
        "div", [el("code", _pieces(line)) for line in lines], class_="listing wide", tabindex="0"
    )


def _pieces(text: str) -> list[str]:
    return [text[at : at + _LONGEST] for at in range(0, len(text), _LONGEST)]


def without_markup(markdown: str) -> str:
    unlinked = _LINK.sub(r"\1", markdown).replace("**", "").replace("`", "")
    return _STRESSED.sub(r"“\1”", unlinked)


def sign(*, good: bool) -> Element:
    """Also in words, for readers who see no colour."""
    return el("span", "✓" if good else "✗", class_="good" if good else "bad", aria_hidden="true")


def link(text: str, address: str) -> Element:
    return el("a", text, href=address, rel="noreferrer noopener external")
