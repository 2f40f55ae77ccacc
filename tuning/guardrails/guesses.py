"""Guesses at what Bedrock's models decide, by a small list of phrases and by words in common.

A guess is marked as one wherever it is said: it shows where a guardrail comes in, not how well Bedrock's does.
"""

import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tuning.guardrails.guardrail import FilterStrength

_LIST = Path(__file__).with_name("guessed.json")
_CONFIDENCES: tuple[FilterStrength, ...] = ("HIGH", "MEDIUM", "LOW")
_LETTERS = 3
"""A word with fewer says nothing of a topic."""
_STEM = 6
"""Letters of a word by which two are taken for the same: invest, investing, investment."""
_IN_COMMON = 0.5
_FEWEST_IN_COMMON = 2


class Guess(NamedTuple):
    name: str
    confidence: FilterStrength
    phrase: str


def content_guesses(text: str, languages: tuple[str, ...] | None) -> Iterator[Guess]:
    """Of each kind of content the phrase that says most. `languages`: what is promised; None is all."""
    plain = f" {_plain(text)} "
    for kind, by_confidence in _guessed()["content"].items():
        found = (
            Guess(kind, confidence, phrase)
            for confidence in _CONFIDENCES
            for phrase in _phrases(by_confidence.get(confidence, {}), languages)
            if f" {phrase} " in plain
        )
        if (first := next(found, None)) is not None:
            yield first


def stops(strength: FilterStrength, confidence: FilterStrength) -> bool:
    """A filter of HIGH strength stops what is LOW, one of LOW strength only what is HIGH.

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-content-filters.html
    """
    if strength == "NONE":
        return False
    return _CONFIDENCES.index(confidence) <= 2 - _CONFIDENCES.index(strength)


def profane(text: str) -> list[str]:
    """The words of our list, in the spelling of the text's plain form."""
    plain = f" {_plain(text)} "
    return [phrase for phrase in _phrases(_guessed()["profanity"], None) if f" {phrase} " in plain]


def topic_guess(text: str, name: str, definition: str, examples: tuple[str, ...]) -> str | None:
    """The sentence of a topic with which the text has half its words in common; None when there is none."""
    said = _stems(text)
    for sentence in (*examples, name, definition):
        wanted = _stems(sentence)
        common = wanted & said
        if len(common) >= _FEWEST_IN_COMMON and len(common) >= _IN_COMMON * len(wanted):
            return sentence
    return None


def in_common(text: str, source: str) -> float:
    """Which part of the text's words is in the source, from 0 to 1."""
    said = _stems(text)
    return len(said & _stems(source)) / len(said) if said else 1.0


def language_guess(text: str) -> str:
    """`en` or `pt`, whichever has more of its small words in the text; `en` where none has."""
    words = _plain(text).split()
    counts = {
        language: sum(word in small for word in words)
        for language, small in _guessed()["function_words"].items()
    }
    return "pt" if counts["pt"] > counts["en"] else "en"


def _phrases(by_language: dict[str, list[str]], languages: tuple[str, ...] | None) -> list[str]:
    chosen = by_language if languages is None else [one for one in by_language if one in languages]
    return [phrase for language in chosen for phrase in by_language[language]]


def _plain(text: str) -> str:
    """Lower case, without accents; what is neither letter nor digit is a space."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() else " " for c in apart if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def _stems(text: str) -> set[str]:
    small = {word for words in _guessed()["function_words"].values() for word in words}
    return {
        word[:_STEM] for word in _plain(text).split() if len(word) >= _LETTERS and word not in small
    }


@cache
def _guessed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_LIST.read_text(encoding="utf-8"))
    return found
