"""Which encodings bytes that are not UTF-8 may be in. Nobody can know: a person reads the samples.

charset-normalizer is imported when a file needs it; where it is not installed, as in the functions,
nothing is proposed.
"""

import re
from dataclasses import dataclass

_FAMILIES = (
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp874", "mac_roman", "cp850"),
)
"""What text is found in outside of UTF-8; GB18030 holds GBK and GB2312, cp949 EUC-KR."""
_MOST = 4
_SAMPLED = 64 * 1024
_EXCERPT = 24
_BEFORE = 8
_ODD = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    encoding: str
    """As Python and `--encoding` spell it."""
    excerpt: str
    """The first text that is not ASCII, read in this encoding."""


def candidates(sample: bytes) -> tuple[Candidate, ...]:
    """Encodings in which the sample is sound text, the likeliest first; empty where none is known."""
    try:
        from charset_normalizer import from_bytes  # noqa: PLC0415 — needed for broken files only
    except ImportError:
        return ()
    told = b"\n".join(line for line in sample[:_SAMPLED].split(b"\n") if not line.isascii())
    readings: dict[str, list[str]] = {}
    for match in from_bytes(told, cp_isolation=list(_FAMILIES), threshold=0.6):
        same = (match.encoding, *match.could_be_from_charset)
        readings.setdefault(str(match), []).extend(name for name in same if name in _FAMILIES)
    # Where several read the same, the most usual one stands for them.
    return tuple(
        Candidate(encoding=min(names, key=_FAMILIES.index), excerpt=_excerpt(text))
        for text, names in readings.items()
        if names
    )[:_MOST]


def listed(found: tuple[Candidate, ...]) -> str:
    """`gb18030 would read 你好 …, cp1252 would read ÄãºÃ …`."""
    return ", ".join(f"{one.encoding} would read “{one.excerpt}”" for one in found)


def _excerpt(text: str) -> str:
    first = _ODD.search(text)
    begin = max(0, first.start() - _BEFORE) if first else 0
    piece = text[begin : begin + _EXCERPT].split("\n", maxsplit=1)[0]
    return "".join(char if char.isprintable() else " " for char in piece).strip()
