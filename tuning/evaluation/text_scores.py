"""Scores of one answer against the expected one, each from 0 (worst) to 1."""

from collections import Counter
from collections.abc import Sequence

from tuning.datasets.same import normalised
from tuning.evaluation.words import words_of

_CHRF_ORDER = 6
_CHRF_BETA_SQUARED = 4
"""Recall weighs twice as much as precision: beta is 2."""


def exact_match(answer: str, expected: str) -> float:
    """Whether both are the same characters."""
    return float(answer == expected)


def normalised_match(answer: str, expected: str) -> float:
    """Whether both are the same but for case, white space and how letters are composed."""
    return float(normalised(answer) == normalised(expected))


def token_f1(answer: str, expected: str) -> float:
    """Harmonic mean of precision and recall over words, whatever their order, as SQuAD has it:
    https://arxiv.org/abs/1606.05250. Articles and such are words as others are, in any language.
    """
    given, wanted = Counter(words_of(answer)), Counter(words_of(expected))
    return _harmonic((given & wanted).total(), given.total(), wanted.total())


def rouge_l(answer: str, expected: str) -> float:
    """F1 of the longest common subsequence of words: https://aclanthology.org/W04-1013/."""
    given, wanted = words_of(answer), words_of(expected)
    return _harmonic(_longest_common(given, wanted), len(given), len(wanted))


def chrf(answer: str, expected: str) -> float:
    """chrF2: F-score over n-grams of characters without white space, n from 1 to 6:
    https://aclanthology.org/W15-3049/. It needs no words, so that it suits every script.
    """
    given, wanted = ("".join(text.split()) for text in (answer, expected))
    precision = recall = 0.0
    orders = 0
    for n in range(1, _CHRF_ORDER + 1):
        ours, theirs = _grams(given, n), _grams(wanted, n)
        if not ours or not theirs:
            continue
        same = (ours & theirs).total()
        precision += same / ours.total()
        recall += same / theirs.total()
        orders += 1
    if not orders:
        return float(given == wanted)
    precision, recall = precision / orders, recall / orders
    if not precision + recall:
        return 0.0
    both = (1 + _CHRF_BETA_SQUARED) * precision * recall
    return both / (_CHRF_BETA_SQUARED * precision + recall)


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))


def _harmonic(same: int, given: int, wanted: int) -> float:
    """F1; two texts without a word are the same."""
    return 2 * same / (given + wanted) if given + wanted else 1.0


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table at a time in the bits of a number
    (Hyyrö 2004), so that long answers take no square of time.
    """
    places: dict[str, int] = {}
    for i, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << i
    everything = (1 << len(one)) - 1
    row = everything
    for word in other:
        matches = row & places.get(word, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(one) - row.bit_count()
