"""What is worth checking though nothing is wrong: records far off the rest."""

import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import islice

from tuning.datasets.formats.walk import Fault
from tuning.datasets.tally import Tally

_FAR = 4  # powers of two above the median: sixteen times its length
_LETTERS = 48  # letters that tell a record's script
_SEVERAL = 16  # records, below which nothing is typical
_RARE = 20  # a script is a stray when at most one record in so many is in it
_ASCII = bytes(range(128))
_JAPANESE = {"HIRAGANA", "KATAKANA"}


def script(line: bytes) -> str | None:
    """The script that most letters of a record are in, structure and all that is ASCII aside."""
    if line.isascii():
        return "LATIN"
    foreign = line.translate(None, _ASCII).decode("utf-8", "ignore")
    found = Counter(map(_script_of, islice(filter(str.isalpha, foreign), _LETTERS)))
    if not found or max(found, key=lambda k: found[k]) == "LATIN":
        return "LATIN"
    return "JAPANESE" if _JAPANESE & found.keys() else max(found, key=lambda k: found[k])


@lru_cache(maxsize=4096)
def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def outliers(tally: Tally) -> None:
    """Adds a note for lengths, and one for scripts, that are far off the rest."""
    total = sum(tally.histogram)
    if total < _SEVERAL:
        return
    median, below = 0, 0
    for median, count in enumerate(tally.histogram):  # noqa: B007 — its last value is the answer
        below += count
        if below * 2 >= total:
            break
    far = sum(tally.histogram[median + _FAR :])
    if far:
        message = f"{far:,} of {total:,} records, this one first, are 16 times the median or longer"
        tally.add(Fault("DS803", message), tally.longest[1])
    _strays(tally)


def _strays(tally: Tally) -> None:
    sampled = sum(count for count, _ in tally.scripts.values())
    for name, (count, line) in sorted(tally.scripts.items()):
        if sampled >= _SEVERAL and count * _RARE <= sampled:
            said = f"about {count / sampled:.1%} of the records are in {name.title()} letters"
            tally.add(Fault("DS804", f"{said}; this is one"), line)
