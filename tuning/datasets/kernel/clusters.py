"""Writes what the kernel composes letters and marks by: of each character its canonical decomposition, case folding and combining class.

All of Unicode 14, the oldest that a Python has that we run on: none of it has changed since, or may
(https://www.unicode.org/policies/stability_policy.html), but for what is a letter, which a test compares. What was
assigned later is not known here, so Python does it.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from tuning.datasets.kernel import GROWTH

OLDEST = "14.0.0"
_ALL = 0x110000
_BLOCK = 128
_HANGUL = range(0xAC00, 0xD7A4)
_VOWELS_AND_FINALS = range(0x1161, 0x11C3)
"""They compose by rule, not by table."""
_IOTA_BELOW = 240
_LETTER, _UNKNOWN = 1, 2
"""The first entries: a character that nothing becomes of, a letter of that sort, and one that was assigned later."""

_Entry = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]
"""Combining class, whether it may melt into what is before it, whether it is a letter, decomposition, folding."""


@cache
def compositions() -> dict[tuple[str, str], str]:
    """What two characters compose to, Hangul aside."""
    found = {}
    for code in range(_ALL):
        match unicodedata.decomposition(chr(code)).split():
            case [one, other] if not one.startswith("<"):
                parts = chr(int(one, 16)), chr(int(other, 16))
                if unicodedata.normalize("NFC", "".join(parts)) == chr(code):
                    found[parts] = chr(code)
    return found


def _entry(code: int, melting: frozenset[str]) -> _Entry:
    sign = chr(code)
    apart = sign if code in _HANGUL else unicodedata.normalize("NFD", sign)
    folded = sign.casefold() if len(apart) == 1 and apart == sign else ""
    first = apart[0]
    joins = first in melting or code in _VOWELS_AND_FINALS or unicodedata.combining(first) > 0
    return (
        unicodedata.combining(sign),
        int(joins),
        int(sign.isalnum()),
        () if apart == sign else tuple(map(ord, apart)),
        () if folded in (sign, "") else tuple(map(ord, folded)),
    )


def _known(code: int) -> bool:
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


def _fits(entries: Iterable[_Entry]) -> None:
    """What `normal.h` relies on: but for iota below, the last in order, marks fold to themselves, and letters to letters."""
    for order, _, _, apart, folded in entries:
        assert not (order > 0 and folded) or order == _IOTA_BELOW  # noqa: S101 — of constants
        assert not any(map(unicodedata.combining, map(chr, folded)))  # noqa: S101 — idem
        assert len(apart) <= 4  # noqa: PLR2004, S101 — idem
    for code in range(0x80, 0xD800):
        whole = unicodedata.normalize("NFD", chr(code)).casefold()
        assert len(whole.encode()) <= GROWTH * len(chr(code).encode())  # noqa: S101 — idem


def _rows(name: str, kind: str, values: Iterable[object], width: int) -> Iterator[str]:
    held = list(map(str, values))
    yield f"static const {kind} {name}[{len(held)}] = {{"
    for i in range(0, len(held), width):
        yield "    " + ", ".join(held[i : i + width]) + ","
    yield "};"


def tables() -> Iterator[str]:
    """The tables, line by line. Raises RuntimeError on another Unicode than the oldest."""
    if unicodedata.unidata_version != OLDEST:
        raise RuntimeError(f"Python 3.11 writes the tables, which has Unicode {OLDEST}")
    melting = frozenset(second for _, second in compositions())
    numbers: dict[_Entry, int] = {
        (0, 0, 0, (), ()): 0,
        (0, 0, 1, (), ()): _LETTER,
        (-1, 0, 0, (), ()): _UNKNOWN,
    }
    blocks: dict[tuple[int, ...], int] = {}
    places = []
    for start in range(0, _ALL, _BLOCK):
        entries = (
            _entry(code, melting) if _known(code) else (-1, 0, 0, (), ())
            for code in range(start, start + _BLOCK)
        )
        block = tuple(numbers.setdefault(entry, len(numbers)) for entry in entries)
        places.append(blocks.setdefault(block, len(blocks)))
    pool: list[int] = []
    rows = []
    for order, joins, is_letter, apart, folded in numbers:
        at = len(pool)
        pool += [*apart, *folded]
        rows.append(f"{{{max(order, 0)}, {joins}, {is_letter}, {len(apart)}, {len(folded)}, {at}}}")
    _fits(numbers)
    kind = "uint8_t" if len(blocks) <= 256 else "uint16_t"  # noqa: PLR2004 — what a byte holds
    yield from _rows("BLOCKS_OF", kind, places, 40)
    yield from _rows("ENTRY_OF", "uint16_t", (n for block in blocks for n in block), 24)
    yield from _rows("ENTRIES", "Entry", rows, 8)
    yield from _rows("POOL", "uint32_t", map(hex, pool), 12)
    composed = sorted((ord(a), ord(b), ord(c)) for (a, b), c in compositions().items())
    yield from _rows(
        "PAIRS", "Composed", (f"{{{a:#x}, {b:#x}, {c:#x}}}" for a, b, c in composed), 6
    )
