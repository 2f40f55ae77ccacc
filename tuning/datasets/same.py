"""When two prompts are the same: one definition, for check, split and stats.

Exactly the same is byte for byte, whatever escapes spelt it. Nearly the same is what a reader would call
the same: Unicode's canonical composition (NFC), case folded, every run of white space one space, none at
the ends; each text by itself, in the order of the record. Media, tools and their results compare exactly.

Marks are put in order within runs of 30, as in Unicode's stream-safe text (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format):
Python takes the square of a run's length for it, hours for a line of nothing else.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

DEFINITION = (
    "exact: the same characters; near: the same but for case, white space and how letters are "
    "composed (NFC). tuning split and tuning stats go by near"
)
_LONGEST_RUN = 30
_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{_LONGEST_RUN + 1},}}")
"""Where more marks may follow one another: signs are there too."""
MARKED = "\2"
"""How a piece begins that is not text, and only compares as it is."""


def normalised(text: str) -> str:
    """A text as near ones have it in common. `kernel/normal.h` does the like for common scripts."""
    if text.isascii():
        return " ".join(text.lower().split())
    parts = _cut(text) if _RUN.search(text) else [text]
    return " ".join("".join(map(_composed, parts)).split())


def _composed(text: str) -> str:
    folded = unicodedata.normalize("NFD", text).casefold()
    return unicodedata.normalize("NFC", folded)


def _cut(text: str) -> Iterator[str]:
    """A text in pieces, none of which holds more marks in a row than are put in order."""
    start, run = 0, 0
    for at, sign in enumerate(text):
        run = run + 1 if unicodedata.combining(sign) else 0
        if run > _LONGEST_RUN:
            yield text[start:at]
            start, run = at, 1
    yield text[start:]


def near(joined: bytes) -> bytes:
    """What near prompts have in common, of pieces that `scan.key` joined."""
    return asked(joined.decode().split("\0"))


def asked(pieces: Iterable[str]) -> bytes:
    return "\0".join(p if p.startswith(MARKED) else normalised(p) for p in pieces).encode()
