"""Histograms and line charts as SVG for a page or a file: no script, no style of their own.

Everything is drawn in `currentColor` unless the page's stylesheet says otherwise by class. Places
along the x axis are percentages, so a chart is as wide as its column while its text keeps its size:
a scaled `viewBox` would make labels unreadable on a phone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tuning.reports.elements import Child, Element, el
from tuning.reports.scale import Number, count, short, ticks
from tuning.reports.series import Series, drawable, thinned, values_by_x

_TOP, _PLOT, _BOTTOM = 24, 180, 36
_HEIGHT = _TOP + _PLOT + _BOTTOM
_LABELS = 5
"""Labels on the x axis that fit a phone of 320 pixels."""
_LEFT, _RIGHT = 9, 99
"""The plot's part of the width, in percent: the labels of the y axis are left of it."""
_EDGE = 0.97
"""Labels beyond this part of the plot would be cut if they were centred."""
_SLOTS = 8
"""Space for this many bars at least: two bars as broad as the page would say nothing."""
_MOST_POINTS = 800
"""Points a line is thinned to: more than a column has pixels to show them in."""
_DASHES = (None, "6 4", "2 3", "9 3 2 3")
"""Lines differ in more than colour: https://www.w3.org/WAI/WCAG22/Understanding/use-of-color.html"""
_MARGIN = 16
_INK = "svg { color: #1d2730; font: 12px system-ui, sans-serif } .bar { fill: #4a7ba6 } .series-1 { color: #4a7ba6 } .series-2 { color: #b0570f }"


@dataclass(frozen=True, kw_only=True)
class Bin:
    low: Number
    high: Number | None
    """First value that is not in the bin; None when the bin is open above."""
    count: int

    @property
    def range(self) -> str:
        if self.high is None:
            return f"{self.low:,} and more"
        return f"{self.low:,} to under {self.high:,}"


@dataclass(frozen=True)
class _Axes:
    left: float
    right: float
    low: float
    high: float

    def across(self, x: float) -> float:
        """0 at the left edge of the plot, 1 at the right."""
        return (x - self.left) / (self.right - self.left) if self.right > self.left else 0.5

    def down(self, y: float) -> float:
        """Pixels from the top of the plot."""
        return _PLOT * (self.high - y) / (self.high - self.low)


def histogram(bins: Sequence[Bin], *, anchor: str, title: str, noun: str, unit: str) -> Element:
    """How many `noun`s fall in each bin of `unit`; `anchor` is the chart's id on its page."""
    most = max((b.count for b in bins), default=0)
    grid = [t for t in ticks(0, max(most, 1), 3) if t == int(t)]
    description = (
        f"{count(sum(b.count for b in bins), noun)} in {count(len(bins), 'bin')} by {unit}."
    )
    if most:
        fullest = next(b for b in bins if b.count == most)
        description += f" The fullest bin, {fullest.range} {unit}, holds {most:,}."
    slots = max(len(bins), _SLOTS)
    bars = [
        _bar(f"{b.range} {unit}: {count(b.count, noun)}", n, slots, b.count / grid[-1])
        for n, b in enumerate(bins)
        if b.count
    ]
    return _svg(anchor, title, description, _grid(grid), bars, _edges(bins, slots))


def histogram_table(bins: Sequence[Bin], *, noun: str, unit: str) -> Element:
    """The same histogram for those who cannot see it."""
    head = [el("th", words.capitalize(), scope="col") for words in (unit, f"{noun}s")]
    rows = [el("tr", el("th", b.range, scope="row"), el("td", b.count)) for b in bins]
    return el("table", el("thead", el("tr", head)), el("tbody", rows))


def line_chart(
    series: Sequence[Series], *, anchor: str, title: str, x_name: str, y_name: str
) -> Element:
    """A line for each series on common axes, such as loss by step."""
    points = [p for s in series for p in s.finite]
    if not points:
        empty = el("text", "No values yet", x="50%", y=_TOP + _PLOT // 2, text_anchor="middle")
        return _svg(anchor, title, "No values to draw.", empty)
    grid = ticks(min(y for _, y in points), max(y for _, y in points), 4)
    axes = _Axes(min(x for x, _ in points), max(x for x, _ in points), grid[0], grid[-1])
    description = f"{y_name} by {x_name}. " + " ".join(s.description(x_name) for s in series)
    drawn = [_line(n, s, axes) for n, s in enumerate(series)]
    labels, slices = _steps(axes, x_name), _slices(series, axes, x_name)
    return _svg(anchor, title, description, _legend(series), _grid(grid), drawn, labels, slices)


def line_table(series: Sequence[Series], *, x_name: str) -> Element:
    """The same lines for those who cannot see them, or cannot point at them."""
    head = [el("th", words, scope="col") for words in (x_name, *(s.name for s in series))]
    rows = [
        el("tr", el("th", f"{x:,.10g}", scope="row"), [el("td", value or "") for value in values])
        for x, values in values_by_x(series, _MOST_POINTS)
    ]
    return el("table", el("thead", el("tr", head)), el("tbody", rows))


def standalone(chart: Element, *, width: int = 720) -> str:
    """A chart of this module as an SVG file of its own, dark on white."""
    inner = {"width": str(width - 2 * _MARGIN), "x": str(_MARGIN), "y": str(_MARGIN)}
    kept = tuple((k, v) for k, v in chart.attributes if k not in inner)
    drawn = Element(chart.tag, (*inner.items(), *kept), chart.children)
    ground = el("rect", width="100%", height="100%", fill="#fff")
    size = {"width": str(width), "height": str(_HEIGHT + 2 * _MARGIN)}
    file = el("svg", el("style", _INK), ground, drawn, **size)
    space = ("xmlns", "http://www.w3.org/2000/svg")
    return str(Element("svg", (space, *file.attributes), file.children))


def _svg(anchor: str, title: str, description: str, *parts: Child) -> Element:
    return el(
        "svg",
        el("title", title, id=f"{anchor}-title"),
        el("desc", description, id=f"{anchor}-desc"),
        *parts,
        id=anchor,
        class_="chart",
        width="100%",
        height=_HEIGHT,
        role="img",
        aria_labelledby=f"{anchor}-title",
        aria_describedby=f"{anchor}-desc",
        fill="currentColor",
    )


def _grid(values: Sequence[float]) -> list[Element]:
    """Lines across the whole width, each with its value above it: no margin is lost to labels."""
    drawn = []
    for value in values:
        y = _TOP + _PLOT * (values[-1] - value) / (values[-1] - values[0])
        rule = {"x1": "0", "x2": "100%", "y1": _n(y), "y2": _n(y), "stroke": "currentColor"}
        faint = "0.5" if value == values[0] else "0.18"
        drawn.append(el("line", class_="rule", opacity=faint, **rule))
        if value != values[0] or value:
            drawn.append(el("text", short(value), class_="tick", x="0", y=_n(y - 5)))
    return drawn


def _bar(description: str, n: int, slots: int, part: float) -> Element:
    height = max(_PLOT * part, 2.0)  # a single record among millions is still seen
    return el(
        "rect",
        el("title", description),
        class_="bar",
        x=_across((n + 0.06) / slots),
        width=_wide(0.88 / slots),
        y=_n(_TOP + _PLOT - height),
        height=_n(height),
        rx="1.5",
    )


def _edges(bins: Sequence[Bin], slots: int) -> list[Element]:
    if not bins:
        return []
    edges = [*(short(b.low) for b in bins), "" if (end := bins[-1].high) is None else short(end)]
    every = math.ceil(len(bins) / (_LABELS - 1))
    return [_x_label(edges[n], n / slots) for n in range(0, len(edges), every)]


def _legend(series: Sequence[Series]) -> Element:
    spans = []
    for n, s in enumerate(series):
        sample = "●" if s.marked else "━" if n == 0 else "╌"
        gap = None if n == 0 else "18"
        spans.append(el("tspan", sample, class_=f"series-{n + 1}", fill="currentColor", dx=gap))
        spans.append(el("tspan", s.name, dx="5"))
    return el("text", spans, class_="legend", x="100%", y="12", text_anchor="end")


def _line(n: int, series: Series, axes: _Axes) -> list[Element]:
    """The line in a nested box that stretches with the page, the dots outside it: they stay round."""
    stroke = {"fill": "none", "stroke": "currentColor", "stroke_width": "2"}
    path = el(
        "path",
        d=_path(series, axes),
        stroke_linejoin="round",
        stroke_dasharray=_DASHES[n % len(_DASHES)],
        vector_effect="non-scaling-stroke",
        class_=f"series-{n + 1}",
        **stroke,
    )
    box = {"x": _across(0), "y": str(_TOP), "width": _wide(1), "height": str(_PLOT)}
    plot = el("svg", path, viewBox=f"0 0 1000 {_PLOT}", preserveAspectRatio="none", **box)
    dots = [
        el(
            "circle",
            el("title", f"{series.name}, {x:,.10g}: {y:.4g}"),
            class_=f"series-{n + 1}",
            fill="currentColor",
            cx=_across(axes.across(x)),
            cy=_n(_TOP + axes.down(y)),
            r="4",
        )
        for x, y in series.finite
        if series.marked
    ]
    return [plot, *dots]


def _slices(series: Sequence[Series], axes: _Axes, x_name: str) -> list[Element]:
    """What a pointer finds: a strip over the whole height for each x, which says the values that it has there."""
    found = values_by_x(series, _MOST_POINTS)
    places = [axes.across(x) for x, _ in found]
    borders = [0.0, *((a + b) / 2 for a, b in pairwise(places)), 1.0]
    drawn = []
    for (x, values), (left, right) in zip(found, pairwise(borders), strict=True):
        said = ", ".join(f"{s.name} {v}" for s, v in zip(series, values, strict=True) if v)
        box = {"x": _across(left), "y": str(_TOP), "width": _wide(right - left)}
        words = el("title", f"{x_name} {x:,.10g}: {said}")
        drawn.append(el("rect", words, class_="slice", opacity="0", height=_PLOT, **box))
    return drawn


def _path(series: Series, axes: _Axes) -> str:
    pen, steps = "M", []
    for x, y in thinned(series.points, _MOST_POINTS):
        if not drawable((x, y)):
            pen = "M"
            continue
        steps.append(f"{pen}{_n(1000 * axes.across(x))} {_n(axes.down(y))}")
        pen = "L"
    return "".join(steps)


def _steps(axes: _Axes, x_name: str) -> list[Element]:
    span = axes.right - axes.left
    inside = [t for t in ticks(axes.left, axes.right, _LABELS - 1) if 0 <= t - axes.left <= span]
    labels = [_x_label(short(t), axes.across(t)) for t in inside]
    name = el("text", x_name, class_="tick", x="100%", y=_HEIGHT - 2, text_anchor="end")
    return [*labels, name]


def _x_label(words: str, across: float) -> Element:
    anchor = "middle" if across < _EDGE else "end"
    where = {"x": _across(across), "y": str(_TOP + _PLOT + 17), "text_anchor": anchor}
    return el("text", words, class_="tick", **where)


def _across(part: float) -> str:
    return f"{_n(_LEFT + (_RIGHT - _LEFT) * part)}%"


def _wide(part: float) -> str:
    return f"{_n((_RIGHT - _LEFT) * part)}%"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
