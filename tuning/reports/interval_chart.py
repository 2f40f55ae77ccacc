"""The interval of a difference as a bar beside what is asked for, as SVG."""

from tuning.reports.elements import Element, el
from tuning.reports.scale import ticks

_HEIGHT, _BAR, _AXIS = 72, 26, 48


def interval_chart(
    low: float, middle: float, high: float, *, needed: float, description: str
) -> Element:
    """`needed` is a line across: an interval that lies right of it is enough."""
    grid = ticks(min(low, 0, needed), max(high, 0, needed), 4)

    def across(value: float) -> str:
        return f"{4 + 92 * (value - grid[0]) / (grid[-1] - grid[0]):.2f}%"

    axis = [
        el(
            "text",
            f"{value:+.3g}",
            x=across(value),
            y=_HEIGHT - 6,
            text_anchor="middle",
            class_="tick",
        )
        for value in grid
    ]
    line = {"x1": across(needed), "x2": across(needed), "y1": "14", "y2": str(_AXIS + 4)}
    ends = {"x1": across(low), "x2": across(high), "y1": str(_BAR), "y2": str(_BAR)}
    base = {"x1": "0", "x2": "100%", "y1": str(_AXIS), "y2": str(_AXIS)}
    return el(
        "svg",
        el("title", description, id="interval-title"),
        el("line", stroke="currentColor", opacity="0.5", **base),
        el("line", stroke="currentColor", stroke_width="2", stroke_dasharray="3 3", **line),
        el("text", "asked for", x=across(needed), y="9", text_anchor="middle", class_="tick"),
        el("line", stroke="currentColor", stroke_width="6", class_="series-1", **ends),
        el(
            "circle", cx=across(middle), cy=str(_BAR), r="6", fill="currentColor", class_="series-1"
        ),
        axis,
        id="interval",
        class_="chart",
        width="100%",
        height=_HEIGHT,
        role="img",
        aria_labelledby="interval-title",
    )
