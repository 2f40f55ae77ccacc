"""Rules that the kernel counts by itself, line by line, once enough is listed of them, and what it judges records by."""

import ctypes
from collections.abc import Iterable
from typing import Any

from tuning.datasets.formats.known_keys import offered, record_keys
from tuning.datasets.kernel import CONTESTED, COUNTED_RULES, FORMATS, SIGNS, Scan
from tuning.datasets.looks import CHAT_TEMPLATES, KINDS_OF_RECORDS, SERVERS, TOKENS
from tuning.datasets.no_datasets import NO_DATASETS
from tuning.datasets.tally import Policy, Tally
from tuning.models.catalog import Method

_FIRST = (
    "data",
    "messages",
    "system",
    "reference_answer",
    "label",
    "thumbs_up",
    "error",
    "message",
)
_FIELDS = tuple(
    dict.fromkeys(
        (
            *(
                *_FIRST,
                TOKENS,
                "input",
                "text",
            ),  # in the order of verdicts.h, which looks at their values
            *sorted(SERVERS.union(*(each.signs for each in NO_DATASETS))),
            *sorted(set[str]().union(*(signs for _, signs in KINDS_OF_RECORDS))),
        )
    )
)


_UNLIMITED = 1 << 62
_BIT_OF = {rule: 1 << n for n, rule in enumerate(COUNTED_RULES)}


def judged_by(method: Method, policy: Policy) -> dict[str, Any]:
    """What the kernel judges a record by, as fields of `Scan`."""
    keys, required = record_keys(method)
    kinds = [name for name, _ in KINDS_OF_RECORDS]
    least, longest = method.caption_chars or (0, _UNLIMITED)
    signs = [_bits(each.signs) for each in NO_DATASETS]
    signs += [_bits(fields) for _, fields in KINDS_OF_RECORDS]
    return {
        "asked": sum(bit for rule, bit in _BIT_OF.items() if policy.asks_for(rule)),
        "enough": 0 if policy.listed else (1 << len(COUNTED_RULES)) - 1,
        "top": _packed(keys),
        "required": required,
        "offered": _packed(offered(method)),
        "fields": _packed(_FIELDS),
        "templates": _packed(sign for sign, _ in CHAT_TEMPLATES),
        "subjects": _packed(sorted(method.contested)[:CONTESTED]),
        "formats": (ctypes.c_char_p * 3)(
            *map(_packed, (method.image_formats, method.video_formats, method.document_formats))
        ),
        "servers": _bits(SERVERS),
        "no_datasets": len(NO_DATASETS),
        "datasets": len(signs),
        "signs": (ctypes.c_uint64 * SIGNS)(*signs),
        "format": FORMATS.index(method.format),
        "expected": len(NO_DATASETS) + kinds.index(method.format)
        if method.format in kinds
        else _UNLIMITED,
        "longest_record": method.max_line_kb * 1024 if method.max_line_kb else _UNLIMITED,
        "least_caption": least,
        "longest_caption": longest,
    }


def only_count_rules(scan: Scan, tally: Tally) -> None:
    """Have the kernel count what lines do wrong, where enough is listed of all of it."""
    counts, most = tally.counts, tally.policy.listed
    for rule, count in counts.items():
        if count >= most:
            scan.enough |= _BIT_OF.get(rule, 0)


def settle_rules(scan: Scan, tally: Tally) -> None:
    """Add up what it counted."""
    for rule, count in zip(COUNTED_RULES, scan.judged, strict=True):
        if count:
            tally.counts[rule] += count


def _packed(names: Iterable[str]) -> bytes:
    return b"".join(bytes([len(name)]) + name.encode() for name in names)


def _bits(names: Iterable[str]) -> int:
    return sum(1 << _FIELDS.index(name) for name in names)
