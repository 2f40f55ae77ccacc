"""A graph as SVG, for a page that runs nothing and so cannot draw Mermaid.

One column a group, inner groups after their outer one; arrows are drawn behind the boxes.
"""

from dataclasses import dataclass

from diagrams.graph import Arrow, Graph, Node, NodeGroup
from tuning.reports.elements import Element, el

_DATA = {"reads", "writes", "uploads", "reports"}
"""Words of arrows along which data moves: drawn heavier."""

_BOX, _HIGH, _STEP = 178, 40, 54
_BETWEEN, _TOP, _PAD = 128, 56, 16
_SWEEPS = 6


@dataclass
class _Column:
    group: NodeGroup
    nodes: list[Node]


class _Drawing:
    def __init__(self, graph: Graph) -> None:
        groups = [inner for group in graph.groups for inner in group.all()]
        self.columns = [_Column(group, list(group.nodes)) for group in groups]
        self.arrows, self.titles = graph.arrows, graph.titles()
        for _ in range(_SWEEPS):  # boxes near those that they have to do with: fewer arrows cross
            for column in self.columns:
                at = {node.id: self._middle(node.id) for node in column.nodes}
                column.nodes.sort(key=lambda node, at=at: at[node.id])  # type: ignore[misc]

    @property
    def most(self) -> int:
        return max(len(column.nodes) for column in self.columns)

    def place(self, name: str) -> tuple[int, float]:
        """Column, and the middle of the box from the top; that of a whole group is its title's."""
        for number, column in enumerate(self.columns):
            if name == column.group.id:
                return number, _TOP - 22
            for row, node in enumerate(column.nodes):
                if node.id == name:
                    above = (self.most - len(column.nodes)) * _STEP / 2
                    return number, _TOP + above + row * _STEP + _HIGH / 2
        raise ValueError(f"the picture has no {name}")

    def _middle(self, name: str) -> float:
        ends = [
            a.to if a.start == name else a.start for a in self.arrows if name in (a.start, a.to)
        ]
        places = [self.place(end)[1] for end in ends]
        return sum(places) / len(places) if places else self.place(name)[1]


def svg(graph: Graph, *, anchor: str, title: str) -> Element:
    drawing = _Drawing(graph)
    width = len(drawing.columns) * _BOX + (len(drawing.columns) - 1) * _BETWEEN + 2 * _PAD
    height = _TOP + drawing.most * _STEP + _PAD
    drawn = el(
        "svg",
        el("title", title, id=f"{anchor}-title"),
        [_boundary(n, column, height) for n, column in enumerate(drawing.columns)],
        [_arrow(drawing, arrow) for arrow in drawing.arrows],
        [_box(drawing, node) for column in drawing.columns for node in column.nodes],
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{anchor}-title",
        class_="flow",
    )
    return el("div", drawn, class_="wide picture", tabindex="0")


def _left(column: int) -> int:
    return _PAD + column * (_BOX + _BETWEEN)


def _boundary(number: int, column: _Column, height: int) -> list[Element]:
    x = _left(number) - _PAD / 2
    name, _, rest = column.group.title.partition(": ")
    return [
        el("rect", x=x, y=4, width=_BOX + _PAD, height=height - 8, rx=10, class_="boundary"),
        el("text", name, x=_left(number), y=26, class_="place"),
        el("text", rest, x=_left(number), y=43, class_="kind"),
    ]


def _box(drawing: _Drawing, node: Node) -> list[Element]:
    column, middle = drawing.place(node.id)
    x, down = _left(column), -2 if node.kind else 5
    return [
        el("rect", x=x, y=middle - _HIGH / 2, width=_BOX, height=_HIGH, rx=6, class_="box"),
        el("text", node.title, x=x + 10, y=middle + down, class_="name"),
        el("text", node.kind, x=x + 10, y=middle + 13, class_="kind"),
    ]


def _arrow(drawing: _Drawing, arrow: Arrow) -> list[Element]:
    (a, y1), (b, y2) = drawing.place(arrow.start), drawing.place(arrow.to)
    onward = 1 if a < b else -1
    x1 = _left(a) + (_BOX if onward == 1 else 0)
    x2 = _left(b) + (0 if onward == 1 else _BOX) - onward * 2
    bend = onward * max(abs(x2 - x1) / 2, 40)
    line = f"M{x1} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2 - onward * 6} {y2:g}"
    head = f"M{x2} {y2:g} l{-onward * 9} -4.5 v9 z"
    tip = f"{drawing.titles[arrow.start]} → {drawing.titles[arrow.to]}: {arrow.words}"
    kind = "data" if _DATA & set(arrow.words.split(", ")) else "control"
    return [
        el("path", el("title", tip), d=line, fill="none", class_=f"line {kind}"),
        el("path", d=head, class_=f"head {kind}"),
    ]
