"""Embeddings that find a text by its words: each word has its place and sign, by a hash.

No model of Amazon's is here, and none understands the text: a passage is found by words of the question, or by words
that begin as they do. What Amazon Titan would call near without a word in common, this does not find.
"""

import hashlib
import math
import re
import unicodedata
from collections import Counter

HASHED = (
    "embeddings are hashed words; the score is the share of the question's words that are in the passage, and reranked "
    "the share of the words of either that both have"
)
"""What each answer from here says of itself."""
_STEM = 6
"""Letters of a word that count: endings do not."""
_WORD = re.compile(r"[a-z0-9]+")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can do does for from has have how i if in is it its may me my "
        "of on or our s should that the their there they this to was we were what when where "
        "which who whom why will with you your como com da das de do dos e em esta eu meu minha "
        "na nas no nos o os ou para pela pelo por porque qual quais quando que quem se sem ser "
        "sua seu um uma voce ",
    )
)
"""English and Portuguese."""


def content_words(text: str) -> list[str]:
    """Those that say something, without accents and endings."""
    plain = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return [each[:_STEM] for each in _WORD.findall(letters) if each not in _COMMON]


def embed(text: str, dimensions: int) -> list[float]:
    """Of length one; a text without words has the direction of all of them."""
    found = [0.0] * dimensions
    for word, times in Counter(content_words(text)).items():
        place, sign = _place(word, dimensions)
        found[place] += sign * (1 + math.log(times))
    length = math.sqrt(sum(each * each for each in found))
    if not length:
        return [1 / math.sqrt(dimensions)] * dimensions
    return [each / length for each in found]


def covered(question: str, passage: str) -> float:
    """The share of the question's words that the passage has."""
    asked, there = set(content_words(question)), set(content_words(passage))
    return len(asked & there) / len(asked) if asked else 0.0


def shared(question: str, passage: str) -> float:
    """Of the words of either, the share that both have: what says the same and little else is nearest."""
    asked, there = set(content_words(question)), set(content_words(passage))
    return len(asked & there) / len(asked | there) if asked | there else 0.0


def _place(word: str, dimensions: int) -> tuple[int, int]:
    number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return (number >> 1) % dimensions, 1 if number & 1 else -1
