"""Evidence that a mean is above a margin, valid for every number of values and every distribution.

Somebody bets a share of what they own, on each value, that it is above the margin. When the mean is not, the
game is fair at best: what is owned, on average, never grows, so it is 20 times the stake in at most 1 of 20
evaluations (Markov). The stake is spread over many shares, since nobody knows the best one. An interval by
bootstrap or a t-test promises that for large numbers only: of 30 values of which a rare one is very low,
it misses that one in one evaluation of five.

Waudby-Smith and Ramdas 2023, https://arxiv.org/abs/2010.09686.
"""

from collections import Counter
from collections.abc import Sequence
from math import exp, fsum, log1p

_SHARES = 100
_LARGEST = 100.0
"""Natural logarithm of what is large enough: nobody asks for more, and it is a number still."""


def evidence(values: Sequence[float], margin: float) -> float:
    """How many times the stake is owned in the end; above 20 is evidence at 95 %.

    `values` are in [-1, 1], `margin` is in [0, 1). Their order does not matter.
    """
    counted = Counter(values)
    grown = []
    for step in range(_SHARES):
        share = (step + 0.5) / _SHARES / (1 + margin)  # below what a value of -1 would take whole
        log = fsum(often * log1p(share * (v - margin)) for v, often in counted.items())
        grown.append(log)
    most = max(grown)
    if most > _LARGEST:
        return exp(_LARGEST)
    return fsum(exp(log) for log in grown) / _SHARES
