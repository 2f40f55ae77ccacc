"""Finds reserved words as whole tokens: `User:` is one, the end of `SuperUser:` is not."""

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the emulator takes this module without what makes a catalog
    from tuning.models.catalog import Method

_SPELT_OUT = tuple(f"\\u00{row}" for row in range(2, 8))
"""How the escapes begin that a letter of a reserved word may hide behind."""


_FIRST = 256
"""Bytes that are searched at first; then twice as many, and so on."""


@cache
def _whole(word: str) -> re.Pattern[str]:
    """The word as a whole token. It begins with the word itself, which is what `re` searches for fast."""
    said = re.escape(word)
    return re.compile(f"{said}(?<!\\w{said})")


def reserved(text: str, words: tuple[str, ...]) -> str | None:
    """A word of `words` that is in `text` as a whole token.

    A letter, digit or underscore right before makes it part of another word, unless the word begins
    with a sign. What follows does not matter, for the words end in a sign of their own. Most texts hold
    none of the signs, and `in` finds a word faster than a regular expression does.
    """
    if ":" in text:
        colon = (word for word in words if word.endswith(":") and word in text)
        found = [at for word in colon if (at := _whole(word).search(text))]
        if found:
            return min(found, key=re.Match.end)[0]
    if "[" in text or "<" in text:
        return next((word for word in words if not word.endswith(":") and word in text), None)
    return None


def joined(text: str, words: tuple[str, ...]) -> str | None:
    """A word of `words` that ends another word of the text, as `User:` does in `SuperUser:`."""
    return next((word for word in words if word in text), None)


def may_hold(line: bytes, method: "Method", more: tuple[str | bytes, ...] = ()) -> object:
    """Whether a reserved word may be in a line, or the escape of a letter of one, or `more`."""
    return _suspects(method.reserved_words, method.reserved_words_sdk, more)(line)


@cache
def _suspects(*known: tuple[str | bytes, ...]) -> Callable[[bytes], object]:
    words, sdk, more = known
    return searcher(words + sdk + more + (_SPELT_OUT if words or sdk else ()))


@cache
def searcher(words: tuple[str | bytes, ...]) -> Callable[[bytes], object]:
    """Finds whether one of the words is in a text, as a whole token or not."""
    if not words:
        return lambda _text: None
    from ahocorasick_rs import BytesAhoCorasick, MatchKind  # noqa: PLC0415 — sound files do without

    # Only `LeftmostFirst` searches for all words at once with vector instructions: ten times as
    # fast. https://docs.rs/aho-corasick/latest/aho_corasick/packed/index.html
    encoded = [word.encode() if isinstance(word, str) else word for word in words]
    every = BytesAhoCorasick(encoded, matchkind=MatchKind.LeftmostFirst).find_matches_as_indexes
    longest = max(map(len, encoded))

    def found(text: bytes) -> bool:
        """Whether there is one. The library lists all, so a text of nothing else is searched bit by bit."""
        start, size = 0, _FIRST
        while start + size < len(text):
            if every(text[start : start + size + longest]):
                return True
            start, size = start + size, 2 * size
        return bool(every(text[start:]))

    return found
