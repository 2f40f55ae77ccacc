"""What the kernel looks for in texts, and only counts once enough is listed: what is private, what nobody sees."""

import ctypes
from typing import Any

from tuning.datasets.kernel import ENDS, Scan
from tuning.datasets.privacy import KINDS
from tuning.datasets.tally import Tally
from tuning.models.catalog import Method

UNSEEN = "DS110"
_NO_SIGN = 0xFF  # is in no UTF-8


def words_looked_for(method: Method, *, thorough: bool) -> dict[str, Any]:
    """The words that are looked for, as fields of `Scan`."""
    words = method.reserved_words + (method.reserved_words_sdk if thorough else ())
    ends = bytes({ord(word[-1]) for word in words}).ljust(ENDS, bytes([_NO_SIGN]))
    return {
        "words": b"".join(bytes([len(word)]) + word for word in map(str.encode, words)),
        "refusing": len(method.reserved_words),
        "ends": (ctypes.c_uint8 * ENDS)(*ends),
    }


def only_count(scan: Scan, tally: Tally) -> None:
    """Have the kernel count what warns of a record's texts, where enough of its rule is listed."""
    counts, enough = tally.counts, tally.policy.listed
    for n, (_, rule) in enumerate(KINDS):
        scan.counts_kind[n] = counts[rule] >= enough
    scan.counts_unseen = counts[UNSEEN] >= enough


def settle(scan: Scan, tally: Tally) -> None:
    """Add up what it counted."""
    for n, (kind, rule) in enumerate(KINDS):
        if scan.private_times[n]:
            tally.kinds[kind] += scan.private_times[n]
            tally.counts[rule] += scan.private_records[n]
    if scan.unseen_records:
        tally.counts[UNSEEN] += scan.unseen_records
