"""All that a reviewer is shown, as plain data: what the page, the terminal and the folder are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagrams.graph import Graph
from review.costs import Bill
from review.decide import Review
from review.findings import Judgement
from review.gates import Weakened
from review.history import History
from review.permission_table import Entry
from review.space import Result
from review.threats import ThreatModel
from tuning.constructs.acknowledgements import Accepted

NAG = ("AwsSolutions::", "HIPAA.", "NIST.", "PCI.", "Serverless::")
"""How ids of cdk-nag's packs begin."""


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """A change of a policy that no decision can show, with the reason."""

    policy: str
    change: str
    reason: str
    only: Sequence[str] = ()
    """Names of the environments in whose policies it is; all, when there are none."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    id: str
    date: str
    changed: bool
    """Whether the working copy is other than the commit."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    commit: Commit
    versions: Mapping[str, str]
    judgements: Sequence[Judgement]
    table: Sequence[Accepted]
    """All that is accepted, whether it applies in an environment or not."""
    guard_rules: int
    permissions: Mapping[str, Mapping[str, Entry]]
    """By environment, by role."""
    reviewed_permissions: Mapping[str, Any]
    """As the reviewed file has them, of the first environment."""
    reviews: Sequence[Review]
    equivalents: Sequence[Equivalent]
    space: Result
    drawn: Sequence[str]
    """The configurations of `space`, as one would write them."""
    weakened: Sequence[Weakened]
    threats: ThreatModel
    history: History
    bills: Sequence[Bill]
    templates: Mapping[str, str]
    """Text by file name."""
    pictures: Mapping[str, Graph]
    """Mermaid by name."""


def applied(judgement: Judgement) -> list[Accepted]:
    """The rows of the table that set something aside in one environment."""
    rows = {(row.path, row.reason): row for _, row in judgement.accepted}
    return [row for row in rows.values() if isinstance(row, Accepted)]


def of_nag(row: Accepted) -> bool:
    return any(rule.startswith(NAG) for rule in row.rules)


def pairs(judgement: Judgement) -> set[tuple[str, str]]:
    """Path and rule of all that is set aside in one environment."""
    return {(row.path, finding.rule) for finding, row in judgement.accepted}
