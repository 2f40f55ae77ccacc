"""The picture of trust boundaries as SVG, from the Mermaid that `diagrams/boundaries.py` writes.

A page that runs nothing cannot draw Mermaid itself. One column a boundary, in the order in which the
text has them; arrows are drawn behind the boxes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tuning.reports.elements import Element, el

_GROUP = re.compile(r'^ *subgraph (\w+)\["(.+)"\]$')
_NODE = re.compile(r'^ *(\w+)[\[({/]+"(.+?)"[\])}/]+$')
_ARROW = re.compile(r'^ *(\w+) -- "(.+)" --> (\w+)$')
_DATA = {"reads", "writes", "uploads", "reports"}

_BOX, _HIGH, _STEP = 178, 40, 54
_BETWEEN, _TOP, _PAD = 128, 56, 16
_SWEEPS = 6


@dataclass
class _Column:
    id: str
    title: str
    nodes: list[str] = field(default_factory=list)


@dataclass
class _Drawing:
    columns: list[_Column]
    titles: dict[str, str]
    arrows: list[tuple[str, str, str]]

    @property
    def most(self) -> int:
        return max(len(column.nodes) for column in self.columns)

    def place(self, name: str) -> tuple[int, float]:
        """Column, and the middle of the box from the top; that of a whole boundary is its title's."""
        for number, column in enumerate(self.columns):
            if name == column.id:
                return number, _TOP - 22
            if name in column.nodes:
                above = (self.most - len(column.nodes)) * _STEP / 2
                return number, _TOP + above + column.nodes.index(name) * _STEP + _HIGH / 2
        raise ValueError(f"the picture has no {name}")

    def settle(self) -> None:
        """Boxes near those that they have to do with: fewer arrows cross."""
        for _ in range(_SWEEPS):
            for column in self.columns:
                at = {name: self._middle(name) for name in column.nodes}
                column.nodes.sort(key=at.__getitem__)

    def _middle(self, name: str) -> float:
        ends = [a if b == name else b for a, b, _ in self.arrows if name in (a, b)]
        places = [self.place(end)[1] for end in ends]
        return sum(places) / len(places) if places else self.place(name)[1]


def picture(mermaid: str, *, anchor: str, title: str) -> Element:
    drawing = _read(mermaid)
    drawing.settle()
    width = len(drawing.columns) * _BOX + (len(drawing.columns) - 1) * _BETWEEN + 2 * _PAD
    height = _TOP + drawing.most * _STEP + _PAD
    svg = el(
        "svg",
        el("title", title, id=f"{anchor}-title"),
        [_boundary(n, column, height) for n, column in enumerate(drawing.columns)],
        [_arrow(drawing, *arrow) for arrow in drawing.arrows],
        [_box(drawing, name) for column in drawing.columns for name in column.nodes],
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{anchor}-title",
        class_="flow",
    )
    return el("div", svg, class_="wide picture", tabindex="0")


def _read(mermaid: str) -> _Drawing:
    columns: list[_Column] = []
    titles: dict[str, str] = {}
    arrows: list[tuple[str, str, str]] = []
    for line in mermaid.splitlines():
        if found := _GROUP.match(line):
            columns.append(_Column(found[1], found[2]))
        elif found := _ARROW.match(line):
            arrows.append((found[1], found[3], found[2]))
        elif found := _NODE.match(line):
            columns[-1].nodes.append(found[1])
            titles[found[1]] = found[2]
    return _Drawing(columns, titles, arrows)


def _left(column: int) -> int:
    return _PAD + column * (_BOX + _BETWEEN)


def _boundary(number: int, column: _Column, height: int) -> list[Element]:
    x = _left(number) - _PAD / 2
    name, _, rest = column.title.partition(": ")
    return [
        el("rect", x=x, y=4, width=_BOX + _PAD, height=height - 8, rx=10, class_="boundary"),
        el("text", name, x=_left(number), y=26, class_="place"),
        el("text", rest, x=_left(number), y=43, class_="kind"),
    ]


def _box(drawing: _Drawing, name: str) -> list[Element]:
    column, middle = drawing.place(name)
    title, _, kind = drawing.titles[name].partition("<br/>")
    x, down = _left(column), 5 if not kind else -2
    return [
        el("rect", x=x, y=middle - _HIGH / 2, width=_BOX, height=_HIGH, rx=6, class_="box"),
        el("text", title, x=x + 10, y=middle + down, class_="name"),
        el("text", kind, x=x + 10, y=middle + 13, class_="kind"),
    ]


def _arrow(drawing: _Drawing, start: str, to: str, words: str) -> list[Element]:
    (a, y1), (b, y2) = drawing.place(start), drawing.place(to)
    onward = 1 if a < b else -1
    x1 = _left(a) + (_BOX if onward == 1 else 0)
    x2 = _left(b) + (0 if onward == 1 else _BOX) - onward * 2
    bend = onward * max(abs(x2 - x1) / 2, 40)
    heavy = bool(_DATA & set(words.split(", ")))
    line = f"M{x1} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2 - onward * 6} {y2:g}"
    head = f"M{x2} {y2:g} l{-onward * 9} -4.5 v9 z"
    told = f"{_plain(drawing, start)} → {_plain(drawing, to)}: {words}"
    kind = "carries" if heavy else "tells"
    return [
        el("path", el("title", told), d=line, fill="none", class_=f"line {kind}"),
        el("path", d=head, class_=f"head {kind}"),
    ]


def _plain(drawing: _Drawing, name: str) -> str:
    return drawing.titles.get(name, name).replace("<br/>", " ")


def arrows_of(mermaid: str) -> Sequence[tuple[str, str, str]]:
    """From, to, in words: for those who cannot see the picture."""
    drawing = _read(mermaid)
    return [(_plain(drawing, a), _plain(drawing, b), words) for a, b, words in drawing.arrows]
