"""A line of a chart: its points, made few enough to draw or to keep without losing a spike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tuning.reports.scale import count

Point: TypeAlias = tuple[float, float]

_ENDLESS = 1e100
"""A value beyond is not a loss but a run that broke; it would also flatten every other."""


def drawable(point: Point) -> bool:
    return abs(point[1]) < _ENDLESS  # False for a NaN, too


def thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """The lowest and the highest of each stretch, about `most` points; a NaN where some cannot be drawn."""
    if len(points) <= most:
        return points
    stretch = math.ceil(2 * len(points) / most)
    kept: list[Point] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        sound = [p for p in part if drawable(p)]
        ends = {f(sound, key=lambda p: p[1]) for f in (min, max)} if sound else set()
        kept.extend(sorted(ends))
        if len(sound) < len(part):
            kept.append((part[-1][0], math.nan))
    return kept


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart."""

    name: str
    points: Sequence[Point]
    """x rises; where y is not finite, or near it, the line breaks."""
    marked: bool = False
    """Draws a dot at each point: for few of them, such as one an epoch."""

    @property
    def finite(self) -> list[Point]:
        return [p for p in self.points if drawable(p)]

    def description(self, x_name: str) -> str:
        """The line in words, for those who cannot see it."""
        if not (points := self.finite):
            return f"{self.name}: no values."
        (_, first), (_, last) = points[0], points[-1]
        at, lowest = min(points, key=lambda p: p[1])
        missing = len(self.points) - len(points)
        gaps = f" {count(missing, 'value')} not finite." if missing else ""
        return (
            f"{self.name}: from {first:.4g} to {last:.4g}, "
            f"lowest {lowest:.4g} at {x_name} {at:,.10g}.{gaps}"
        )


def values_by_x(series: Sequence[Series], most: int) -> list[tuple[float, list[str | None]]]:
    """Each x with the value of each series there, in words."""
    lines = [
        {x: f"{y:.4g}" for x, y in thinned(s.points, most) if drawable((x, y))} for s in series
    ]
    return [(x, [line.get(x) for line in lines]) for x in sorted(set().union(*lines))]
