"""The table of rules: what can be wrong with a dataset, why it matters and what fixes it.

`rules.json` is the one place; `docs/rules.md` and `tuning rules` are written from it. Ids are
permanent: a rule that goes leaves a gap.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from tuning.datasets.report import Severity
from tuning.errors import TuningError, nearest

_GROUPS = {
    "1": "Bytes",
    "2": "JSON",
    "3": "Schema",
    "4": "Turns and text",
    "5": "Media",
    "6": "Limits",
    "7": "Across records",
    "8": "Privacy and quality",
    "9": "Uploads",
}


class UnknownRuleError(TuningError):
    """A rule id that does not exist."""


_HEAD = """# Rules

What `tuning check` finds, and the platform with it. Written from `tuning/datasets/rules.json` by
`python -m tuning rules --format markdown`; do not edit.

An **error** refuses the dataset, a **warning** informs and can be raised to an error
(`strict = ["DS702"]` in a recipe, `--strict DS702` on the command line), a **note** says what was
fixed or what is worth a look.
"""


class Rule(Struct, frozen=True, kw_only=True):
    """One rule of the checker, and how to follow it."""

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    source: str
    """The page that imposes the rule, or that the rule was learnt from."""

    @property
    def group(self) -> str:
        return _GROUPS[self.id[2]]


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in order of ids."""
    raw: list[dict[str, Any]] = json.loads(
        Path(__file__).with_name("rules.json").read_text(encoding="utf-8")
    )
    return {entry["id"]: Rule(**entry) for entry in raw}


def known_rule(identifier: str) -> str:
    """The id in its true spelling. Raises UnknownRuleError, with the nearest miss."""
    exact = identifier.strip().upper()
    if exact not in rules():
        raise UnknownRuleError(f"no rule {identifier!r}{nearest(exact, rules())}; see tuning rules")
    return exact


def rules_markdown() -> str:
    """`docs/rules.md`, whole."""
    parts = [_HEAD]
    for digit, group in _GROUPS.items():
        parts.append(f"## DS{digit}xx {group}\n")
        parts.extend(_section(r) for r in rules().values() if r.id[2] == digit)
    return "\n".join(parts)


def _section(rule: Rule) -> str:
    return (
        f"### {rule.id} {rule.title}\n\n"
        f"*{rule.severity.capitalize()}.* {rule.why}\n\n"
        f"**Fix:** {rule.fix}\n\n"
        f"Source: <{rule.source}>\n"
    )
