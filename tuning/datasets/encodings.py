"""Which encodings bytes that are not UTF-8 may be in. Nobody can know: a person reads the samples.

charset-normalizer is imported when a file needs it; where it is not installed, as in the functions,
nothing is proposed.
"""

import re
from dataclasses import dataclass
from functools import cache

_FAMILIES = (
    *("gb18030", "big5", "big5hkscs", "cp932", "euc_jp", "cp949"),
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp874", "mac_roman", "cp850", "cp866", "koi8_u", "mac_cyrillic", "cp852", "cp1258"),
    *("iso8859_2", "iso8859_5", "iso8859_6", "iso8859_7"),
)
"""What text is found in outside of UTF-8; GB18030 holds GBK and GB2312, cp949 EUC-KR."""
_LATIN = (
    *("cp1252", "cp1250", "cp1254", "cp1257", "mac_roman", "cp850", "iso8859_2", "cp852", "cp1258"),
)
_MOST = 6
_COMPARED = 200
"""Lines on which the readings are compared."""
_SAMPLED = 64 * 1024
_EXCERPT = 24
_BEFORE = 8
_ODD = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, kw_only=True)
class PossibleEncoding:
    encoding: str
    """As Python and `--encoding` spell it."""
    excerpt: str
    """A piece of the text, read in this encoding."""


@cache
def candidates(sample: bytes) -> tuple[PossibleEncoding, ...]:
    """Encodings in which the sample is sound text, the likeliest first; empty where none is known."""
    try:
        from charset_normalizer import from_bytes  # noqa: PLC0415 — needed for broken files only
    except ImportError:
        return ()
    lines = [line for line in sample[:_SAMPLED].split(b"\n") if not line.isascii()]
    readings: dict[str, list[str]] = {}
    matches = from_bytes(b"\n".join(lines), cp_isolation=list(_FAMILIES), threshold=0.6)
    # Of a few letters the library cannot tell much; then the more usual encodings come first.
    for match in sorted(matches, key=lambda m: (m.chaos, -m.coherence, _rank(m.encoding))):
        same = (match.encoding, *match.could_be_from_charset)
        readings.setdefault(str(match), []).extend(name for name in same if name in _FAMILIES)
    # Where several read the same, the most usual one stands for them.
    found = [min(names, key=_FAMILIES.index) for names in readings.values() if names]
    return _shown(_ordered(found)[:_MOST], lines)


def _rank(encoding: str) -> int:
    return _FAMILIES.index(encoding) if encoding in _FAMILIES else len(_FAMILIES)


def _ordered(found: list[str]) -> list[str]:
    """The likeliest first; of those for Latin letters, whose letters tell little, the most usual."""
    latin = iter(sorted((name for name in found if name in _LATIN), key=_LATIN.index))
    return [next(latin) if name in _LATIN else name for name in found]


def _shown(names: list[str], lines: list[bytes]) -> tuple[PossibleEncoding, ...]:
    """The encodings with how each reads the line on which they differ most."""
    most: dict[str, str] = {}
    for line in lines[:_COMPARED]:
        read = {name: line.decode(name, "replace") for name in names}
        begin = min(map(_first_odd, read.values()), default=0)
        excerpts = {name: _excerpt(text[_differing(read, begin) :]) for name, text in read.items()}
        if not most or len(set(excerpts.values())) > len(set(most.values())):
            most = excerpts
        if len(set(most.values())) == len(names):
            break
    return tuple(PossibleEncoding(encoding=name, excerpt=most[name]) for name in names)


def _differing(read: dict[str, str], begin: int) -> int:
    """Where an excerpt begins that shows a difference: a little before the first letter that has one."""
    columns = zip(*(text[begin:] for text in read.values()), strict=False)
    at = next((i for i, letters in enumerate(columns) if len(set(letters)) == len(read)), None)
    return max(0, begin + (at or 0) - _BEFORE)


def _first_odd(text: str) -> int:
    odd = _ODD.search(text)
    return odd.start() if odd else 0


def listed(found: tuple[PossibleEncoding, ...]) -> str:
    """`gb18030 would read 你好 …, cp1252 would read ÄãºÃ …`."""
    return ", ".join(f"{one.encoding} would read “{one.excerpt}”" for one in found)


def _excerpt(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text[:_EXCERPT]).strip()
