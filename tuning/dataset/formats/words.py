"""Finds reserved words as whole tokens: `User:` is one, the end of `SuperUser:` is not."""

import re
from functools import cache


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # A letter, digit or underscore right before makes it part of another word; what follows does
    # not matter, for the words end in a sign of their own.
    alternatives = "|".join(
        (r"(?<!\w)" if word[0].isalnum() else "") + re.escape(word) for word in words
    )
    return re.compile(alternatives)


def reserved(text: str, words: tuple[str, ...]) -> str | None:
    """The first of `words` that stands in `text` as a whole token."""
    if not words or (":" not in text and "[" not in text and "<" not in text):
        return None
    found = _pattern(words).search(text)
    return found.group() if found else None
