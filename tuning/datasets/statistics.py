"""The numbers of a report: sizes, lengths, an estimate of tokens."""

from collections.abc import Mapping
from typing import Any

from tuning.datasets.same import DEFINITION
from tuning.datasets.tally import Tally

_BYTES_PER_TOKEN = 4
TOKENS_ARE = "1 token for 4 bytes of UTF-8 text: about right for English, an estimate elsewhere"


def statistics(tally: Tally, repeats: Mapping[str, int], digest: str | None) -> dict[str, Any]:
    """What `Report.statistics` holds for one file."""
    return {
        "file": tally.file,
        "bytes": tally.size,
        "lines": tally.lines,
        "records": tally.records,
        "compared_records": len(tally.prompts),
        "characters": tally.characters,
        "estimated_tokens": -(-tally.text_bytes // _BYTES_PER_TOKEN),
        "estimated_tokens_at_most": _most(tally),
        "estimated_tokens_are": TOKENS_ARE,
        "sha256": digest
        if tally.size
        else None,  # of nothing there is one too, and it says nothing
        "media_buckets": sorted(tally.buckets),
        "length_histogram": _histogram(tally),
        **repeats,
        "duplicates_are": DEFINITION,
        "scripts": {name: count for name, (count, _) in sorted(tally.scripts.items())},
        "privacy": dict(sorted(tally.kinds.items())),
    }


def _most(tally: Tally) -> int:
    """A token has two bytes at least of ASCII, and one of any other script: no tokenizer makes more of a byte.

    A character of more than one byte has at most twice as many bytes as it has beyond its first. UNCONFIRMED for long
    numbers and rows of signs in ASCII, of which some tokenizers make a token each.
    """
    beyond_first = tally.text_bytes - tally.characters
    return min(tally.text_bytes, -(-tally.text_bytes // 2) + beyond_first)


def _histogram(tally: Tally) -> list[dict[str, int]]:
    """Records by characters, in powers of two."""
    return [
        {"from": 1 << (bits - 1) if bits else 0, "below": 1 << bits, "records": count}
        for bits, count in enumerate(tally.histogram)
        if count
    ]
