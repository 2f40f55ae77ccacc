"""Characters that nobody sees: controls, zero widths, overrides of direction, tags.

Joiners, which several scripts and emoji need, marks of direction and variation selectors are not among
them. https://www.unicode.org/reports/tr36/ and https://trojansource.codes say what they are misused for.
`lines.c` knows the same ones (`unseen`).
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

_SIGNS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_FLAG = (
    "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # Scotland's, and others, are spelt with tags
)
_UNSEEN = re.compile(f"{_FLAG}|([{_SIGNS}])")
_CONTROLS = {
    0x00: "NUL",
    0x07: "BELL",
    0x08: "BACKSPACE",
    0x0C: "FORM FEED",
    0x1A: "SUBSTITUTE (Ctrl-Z)",
    0x1B: "ESCAPE",
    0x1E: "RECORD SEPARATOR",
    0x7F: "DELETE",
}


_SPELT = (
    "007f",
    "00ad",
    "180e",
    "200b",
    "202a",
    "202b",
    "202c",
    "202d",
    "202e",
    "db40",
    "fef",
    "fff",
)


def _cased(digits: str) -> set[str]:
    return set(map("".join, product(*({c, c.upper()} for c in digits))))


PARTS: tuple[str | bytes, ...] = (
    *(f"\\u{start}" for start in ("000", "001", "008", "009", "206")),
    *(f"\\u{c}" for start in _SPELT for c in _cased(start)),
    *("\\b", "\\f", "\x7f", "\xad", "\u180e", "\u200b", "\ufeff"),
    *(chr(c) for c in (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0xFFF9, 0xFFFC))),
    *(chr(c) for c in range(0x2060, 0x2070)),
    b"\xf3\xa0\x80",
    b"\xf3\xa0\x81",
)
"""What is in a line that may hold one: how their escapes begin, and they themselves."""


def unseen(texts: Iterator[str]) -> str | None:
    """What to say of the first of them, with its name."""
    found = (sign[1] for text in texts for sign in _UNSEEN.finditer(text) if sign[1])
    first = next(found, None)
    return f"the text holds {character_name(first)}, which nobody sees" if first else None


def character_name(sign: str) -> str:
    """`U+200B ZERO WIDTH SPACE`."""
    code = ord(sign)
    name = unicodedata.name(sign, _CONTROLS.get(code, "a control character"))
    return f"U+{code:04X} {name}" if name[0].isupper() else f"U+{code:04X}, {name}"
