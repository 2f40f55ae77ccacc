"""Finds reserved words as whole tokens: `User:` is one, the end of `SuperUser:` is not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tuning.catalog import Method


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


def _joined(text: str, start: int) -> bool:
    """Whether what starts here goes on from a word."""
    return start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")


def may_hold(line: bytes, method: Method) -> object:
    """Whether a reserved word may stand in a line without escapes."""
    search = searcher(method.reserved_words + method.reserved_words_sdk)
    return search is not None and search(line)


@cache
def searcher(words: tuple[str, ...]) -> Callable[[bytes], object] | None:
    """Tells whether one of the words may stand in a text: too often rather than too seldom."""
    if not words:
        return None
    colon = _anchored([word.encode() for word in words if word.endswith(":")])
    others = [word.encode() for word in words if not word.endswith(":")]
    signs = [(sign, _starting(sign, others)) for sign in sorted({word[:1] for word in others})]

    def may(text: bytes) -> object:
        if colon(text):
            return True
        for sign, search in signs:  # noqa: SIM110 — a generator costs more than the search
            if sign in text and search(text):
                return True
        return False

    return may


def _starting(sign: bytes, words: list[bytes]) -> Callable[[bytes], object]:
    rests = b"|".join(re.escape(word[1:]) for word in words if word[:1] == sign)
    return re.compile(re.escape(sign) + b"(?:" + rests + b")").search


def _anchored(words: list[bytes]) -> Callable[[bytes], object]:
    # A pattern that starts with one literal is searched for in C; the cheap look back rejects
    # nearly every colon before the words are tried.
    ends = b"".join(sorted({re.escape(word[-2:-1]) for word in words}))
    tried = b"|".join(b"(?<=" + re.escape(word) + b")" for word in words)
    return re.compile(b":(?<=[" + ends + b"]:)(?:" + tried + b")" if words else b"(?!)").search
