"""Finds reserved words as whole tokens: `User:` is one, the end of `SuperUser:` is not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tuning.models.catalog import Method

_SPELT_OUT = tuple(f"\\u00{row}" for row in range(2, 8))
"""How the escapes begin that a letter of a reserved word may hide behind."""


_FIRST = 2048
"""Bytes that are searched at first; then twice as many, and so on."""


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The words by how they are found: those that end in a colon, and the others."""

    colon: tuple[str, ...]
    before: frozenset[str]
    """The last two characters of each word that ends in a colon."""
    others: tuple[str, ...]


@cache
def _sorted(words: tuple[str, ...]) -> _Words:
    colon = tuple(word for word in words if word.endswith(":"))
    return _Words(
        colon=colon,
        before=frozenset(word[-2:] for word in colon),
        others=tuple(word for word in words if not word.endswith(":")),
    )


def reserved(text: str, words: tuple[str, ...]) -> str | None:
    """A word of `words` that stands in `text` as a whole token.

    A letter, digit or underscore right before makes it part of another word. What follows does not
    matter, for the words end in a sign of their own. Searching for single signs is what CPython
    does fastest: a regular expression of the words takes a hundred times as long.
    """
    if not words:
        return None
    known = _sorted(words)
    at = text.find(":")
    while at >= 0:
        if text[at - 1 : at + 1] in known.before:
            for word in known.colon:
                start = at + 1 - len(word)
                if start >= 0 and text.startswith(word, start) and not _joined(text, start):
                    return word
        at = text.find(":", at + 1)
    if "[" in text or "<" in text:
        return next((word for word in known.others if word in text), None)
    return None


def joined(text: str, words: tuple[str, ...]) -> str | None:
    """A word of `words` that ends another word of the text, as `User:` does in `SuperUser:`."""
    return next((word for word in words if word in text), None)


def _joined(text: str, start: int) -> bool:
    """Whether what starts here goes on from a word."""
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")


def may_hold(line: bytes, method: Method, more: tuple[str | bytes, ...] = ()) -> object:
    """Whether a reserved word may stand in a line, or the escape of a letter of one, or `more`."""
    return _suspects(method.reserved_words, method.reserved_words_sdk, more)(line)


@cache
def _suspects(*known: tuple[str | bytes, ...]) -> Callable[[bytes], object]:
    words, sdk, more = known
    return searcher(words + sdk + more + (_SPELT_OUT if words or sdk else ()))


@cache
def searcher(words: tuple[str | bytes, ...]) -> Callable[[bytes], object]:
    """Finds whether one of the words stands in a text, as a whole token or not."""
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
