"""Round numbers for an axis, and numbers as people read them."""

import math

Number = int | float

_LONG = 10_000
_SAME = 1e-9
"""Values nearer than this part of their size are drawn as one."""


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round values that cover low to high, the first at most low, the last at least
    high: steps of 1, 2 or 5 times a power of ten.
    """
    if not math.isfinite(high - low) or low > high:
        raise ValueError(f"no axis runs from {low} to {high}")
    if high - low <= _SAME * max(abs(low), abs(high), _SAME):
        low, high = min(low, 0), max(high, 0)
    if high - low <= _SAME:
        low, high = 0, 1
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def short(value: Number) -> str:
    """1234567 → `1.23M`, 1024 → `1,024`, 0.25 → `0.25`: at most five characters for an axis."""
    if abs(value) < _LONG and value == int(value):
        return f"{value:,.0f}"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 record`, `12,400 records`, `2 copies`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
