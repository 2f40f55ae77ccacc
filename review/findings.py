"""What the tools find, as plain data, held against the table of what is accepted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class _Row(Protocol):
    """A decision of `accepted.toml`, as it applies to one environment."""

    @property
    def path(self) -> str: ...
    @property
    def rules(self) -> tuple[str, ...]: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class ToolFinding:
    tool: str
    rule: str
    """Qualified, as in `accepted.toml`: whose rule it is, two colons, its id."""
    environment: str
    path: str
    """Of the construct, as `located` gives it."""
    text: str

    def matches(self, row: _Row) -> bool:
        inside = self.path == row.path or self.path.startswith(f"{row.path}/")
        return inside and self.rule in row.rules


def located(construct_path: str) -> tuple[str, str]:
    """Environment, and the path as `accepted.toml` has it: each stack is one construct, `Default`."""
    environment, *inside = construct_path.split("/")
    if inside[1:2] == ["Default"]:
        del inside[1]
    return environment, "/".join(inside)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Of one environment. It is clean when nothing is open and nothing is stale."""

    environment: str
    open: tuple[ToolFinding, ...]
    accepted: tuple[tuple[ToolFinding, _Row], ...]
    stale: tuple[tuple[_Row, str], ...]
    """Rows with an id that no tool reports any more: they would hide the next finding."""

    @property
    def clean(self) -> bool:
        return not self.open and not self.stale

    def by_tool(self) -> Mapping[str, Counter[str]]:
        """For each tool, how many of its findings are open and how many accepted."""
        counts: dict[str, Counter[str]] = {}
        for finding in self.open:
            counts.setdefault(finding.tool, Counter())["open"] += 1
        for finding, _ in self.accepted:
            counts.setdefault(finding.tool, Counter())["accepted"] += 1
        return counts


def judgement_on(
    environment: str, findings: Iterable[ToolFinding], rows: Iterable[_Row]
) -> Judgement:
    rows = tuple(rows)
    opened, accepted, met = [], [], set()
    for finding in (f for f in findings if f.environment == environment):
        row = next((row for row in rows if finding.matches(row)), None)
        if row is None:
            opened.append(finding)
        else:
            accepted.append((finding, row))
            met.add((row.path, finding.rule))
    stale = [(row, rule) for row in rows for rule in row.rules if (row.path, rule) not in met]
    return Judgement(
        environment=environment,
        open=tuple(opened),
        accepted=tuple(accepted),
        stale=tuple(stale),
    )
