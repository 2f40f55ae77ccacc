"""Words of a text in any script, for metrics that count words."""

import unicodedata
from functools import lru_cache

from tuning.datasets.same import normalised

_UNSPACED = ("CJK ", "HIRAGANA", "KATAKANA", "THAI", "LAO ", "KHMER", "MYANMAR", "HANGZHOU")
"""Scripts that put no space between words: each letter counts as a word, with its marks."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of the normalised text: runs of letters, marks and digits, in their order.

    Signs between words are none. A letter of a script without spaces is a word of its own, as is a symbol
    such as an emoji.
    """
    found: list[str] = []
    joins = False
    for sign in normalised(text):
        kind = _kind(sign)
        if kind == "mark" and found:
            found[-1] += sign
        elif kind in ("letter", "mark"):
            if joins:
                found[-1] += sign
            else:
                found.append(sign)
            joins = True
        else:
            if kind == "alone":
                found.append(sign)
            joins = False
    return tuple(found)


@lru_cache(maxsize=4096)
def _kind(sign: str) -> str:
    """What a character is to a word: `letter`, `mark`, `alone` (a word by itself) or `between`."""
    match unicodedata.category(sign)[0]:
        case "M":
            return "mark"
        case "L" | "N":
            return "alone" if unicodedata.name(sign, "").startswith(_UNSPACED) else "letter"
        case "S" if unicodedata.category(sign) == "So":
            return "alone"
    return "between"
