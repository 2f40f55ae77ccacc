"""The interval of a mean by bootstrap, bias-corrected and accelerated (BCa).

Efron 1987, https://doi.org/10.2307/2289144. Tests compare it with that of scipy.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from random import Random
from statistics import NormalDist

_RESAMPLES = 4_999


def interval(
    values: Sequence[float], *, confidence: float, seed: int, resamples: int = _RESAMPLES
) -> tuple[float, float]:
    """Low and high end, two-sided, of the mean of `values` (one or more).

    `values` are differences of pairs, so that the resampling is paired. The same seed gives the same interval.
    """
    count = len(values)
    mean = sum(values) / count
    if min(values) == max(values):
        return mean, mean
    random = Random(seed)  # noqa: S311 — a simulation, and no secret
    means = sorted(sum(random.choices(values, k=count)) / count for _ in range(resamples))
    normal = NormalDist()
    # Ties count half: means of scores that are 0 or 1 fall on few values.
    below = (bisect_left(means, mean) + bisect_right(means, mean)) / 2 / resamples
    bias = normal.inv_cdf(min(max(below, 1 / resamples), 1 - 1 / resamples))
    squares = sum((value - mean) ** 2 for value in values)
    acceleration = sum((value - mean) ** 3 for value in values) / (6 * squares**1.5)

    def end(share: float) -> float:
        at = bias + normal.inv_cdf(share)
        return _quantile(means, normal.cdf(bias + at / (1 - acceleration * at)))

    tail = (1 - confidence) / 2
    return end(tail), end(1 - tail)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest, in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
