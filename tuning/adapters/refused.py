"""Why an adapter is not merged: one table of refusals, and the exception that names one.

Every refusal has a permanent id, so that scripts can count on it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

GROUPS = {
    "1": "Files",
    "2": "adapter_config.json",
    "3": "Tensors of the adapter",
    "4": "The base",
    "5": "Numbers",
    "6": "Vocabulary and tied embeddings",
    "7": "Verification",
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    id: str
    title: str
    why: str
    fix: str
    source: str
    """The page or report that the refusal was learnt from."""


@cache
def merge_refusals() -> Mapping[str, Refusal]:
    """Every refusal by its id, in order of ids."""
    text = Path(__file__).with_name("refusals.json").read_text(encoding="utf-8")
    raw: list[dict[str, Any]] = json.loads(text)
    return {entry["id"]: Refusal(**entry) for entry in raw}


class MergeRefusedError(Exception):
    """The merge is refused. `str()` is the reason: the id and title, what is wrong and where."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = merge_refusals()[rule]
        super().__init__(f"{rule} {self.rule.title}: {message}")


def refusals_markdown() -> str:
    """The list of refusals in docs/adapters.md."""
    parts = []
    for digit, group in GROUPS.items():
        parts.append(f"### {group}\n\n| id | refused | why | fix |\n|---|---|---|---|")
        parts.extend(
            f"| {r.id} | {r.title} | {r.why} [source]({r.source}) | {r.fix} |"
            for r in merge_refusals().values()
            if r.id[2] == digit
        )
        parts.append("")
    return "\n".join(parts)
