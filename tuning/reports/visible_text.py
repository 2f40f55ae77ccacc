"""Text from a dataset made harmless to look at: what cannot be seen is spelled out."""

import re

LONGEST_SUBJECT = 99
"""Of a notice, which is ASCII and one line of less than 100 characters.
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
_LONGEST = 400
"""Characters of one message or name that are shown; the rest says only how much it is."""

# Bidirectional controls reorder what surrounds them (https://trojansource.codes), escape sequences
# drive terminals, lone surrogates cannot be encoded, and format characters hide: Cc, Cf, Cs, Co, Cn,
# line and paragraph separators. Combining marks are letters' business and stay, but see `_STACKED`.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # Persian, Indic scripts and emoji are misspelled without them
_PLAIN = re.compile(r"[ -~]*")
_STACKED = 4
"""More combining marks in a row than any script stacks: the rest would paint over other lines."""


def visible(text: str) -> str:
    r"""`text` in one line, every invisible or reordering character spelled as in `\u202e`."""
    cut = len(text) - _LONGEST
    if cut <= 0:
        return printable(text)
    return f"{printable(text[:_LONGEST])} … and {cut:,} more characters"


def printable(text: str) -> str:
    """As `visible`, whatever the length."""
    return text if _PLAIN.fullmatch(text) else _spell(text)


def _spell(text: str) -> str:
    import unicodedata  # noqa: PLC0415 — plain text, as most is, does not pay for loading it

    spelled, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        hidden = category in _UNSEEN and character not in _JOINERS
        spelled.append(_escape(character) if hidden or marks > _STACKED else character)
    return "".join(spelled)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
