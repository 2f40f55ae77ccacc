"""When two prompts are the same: one definition, for check, split and stats.

Exactly the same is byte for byte, whatever escapes spelt it. Nearly the same is what a reader would call
the same: Unicode's canonical composition (NFC), case folded, every run of white space one space, none at
the ends; each text by itself, in the order of the record. Media, tools and their results compare exactly.
"""

import unicodedata
from collections.abc import Iterable

DEFINITION = (
    "exact: the same characters; near: the same but for case, white space and how letters are "
    "composed (NFC). tuning split and tuning stats go by near"
)
MARKED = "\2"
"""How a piece begins that is not text, and only compares as it is."""


def normalised(text: str) -> str:
    """A text as near ones have it in common. `kernel/normal.h` does the like for common scripts."""
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFD", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def near(joined: bytes) -> bytes:
    """What near prompts have in common, of pieces that `scan.key` joined."""
    return asked(joined.decode().split("\0"))


def asked(pieces: Iterable[str]) -> bytes:
    return "\0".join(p if p.startswith(MARKED) else normalised(p) for p in pieces).encode()
