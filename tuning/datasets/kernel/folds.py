"""Writes `folds.h`: how single letters are normalised, as `tuning.datasets.same` does it.

`FOLD`, `PLAIN` and `MARK` have the letters whose normal form depends on nothing beside them: nearly all. `clusters.py`
writes the rest. `python -m tuning.datasets.kernel.folds` writes it anew; a test compares.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from tuning.datasets.kernel import clusters
from tuning.datasets.same import normalised

TARGET = Path(__file__).parent / "folds.h"
_BMP = 0x10000
_BITS = 64
_FOLDED = ((0x80, 0x800), (0x1E00, 0x1F00))
"""Where letters have cases: two bytes of UTF-8, and Vietnamese."""
_JAMO = range(0x1100, 0x1200)  # they compose by rule, not by table


def seconds() -> frozenset[str]:
    """Characters that may melt into the one before them."""
    found = set()
    for code in range(0x110000):
        match unicodedata.decomposition(chr(code)).split():
            case [first, second] if not first.startswith("<"):
                found.add(chr(int(second, 16)))
    return frozenset(found)


def _folded(sign: str, melting: frozenset[str]) -> str | None:
    """What becomes of a character by itself, or None when that is not certain."""
    code = ord(sign)
    if unicodedata.ucd_3_2_0.category(sign) in ("Cn", "Cs", "Co") or code in _JAMO:
        return None
    form = normalised(f".{sign}.")[1:-1]
    if len(form) != 1 or form.isspace() or sign in melting or form in melting:
        return None
    if unicodedata.combining(form) or unicodedata.combining(sign):
        return None
    return form if len(form.encode()) <= len(sign.encode()) else None


def _mark(sign: str, melting: frozenset[str]) -> bool:
    """Whether a character only has to keep its place after what is not a mark."""
    known = unicodedata.ucd_3_2_0.category(sign) != "Cn"
    plain = sign not in melting and normalised(f".{sign}.") == f".{sign}."
    return known and plain and unicodedata.combining(sign) > 0


def _bitmap(name: str, held: Iterable[int]) -> Iterator[str]:
    words = [0] * (_BMP // _BITS)
    for code in held:
        words[code // _BITS] |= 1 << code % _BITS
    yield f"static const uint64_t {name}[{len(words)}] = {{"
    for i in range(0, len(words), 6):
        yield "    " + ", ".join(f"{word:#x}" for word in words[i : i + 6]) + ","
    yield "};"


def _table(name: str, start: int, end: int, melting: frozenset[str]) -> Iterator[str]:
    found = (_folded(chr(code), melting) for code in range(start, end))
    values = [ord(form) if form else 0 for form in found]
    yield f"static const uint16_t {name}[{len(values)}] = {{"
    for i in range(0, len(values), 12):
        yield "    " + ", ".join(f"{value:#x}" for value in values[i : i + 12]) + ","
    yield "};"


def written() -> str:
    """The file, whole."""
    melting = seconds()
    start, end = _FOLDED[0][1], _BMP
    plain = (c for c in range(start, end) if _folded(chr(c), melting) == chr(c))
    marks = (c for c in range(0x80, end) if _mark(chr(c), melting))
    lines = [
        "/* Written by folds.py; do not edit. */",
        *_table("FOLD", *_FOLDED[0], melting),
        *_table("FOLD_LATIN", *_FOLDED[1], melting),
        *_bitmap("PLAIN", plain),
        *_bitmap("MARK", marks),
        *clusters.tables(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="ascii")
