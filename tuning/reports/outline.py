"""What every form of a report says, in the same words and the same order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tuning.datasets.report import Finding, Report, Severity
from tuning.datasets.rules import Rule, rules
from tuning.reports.scale import count
from tuning.reports.visible_text import visible

Numbered: TypeAlias = tuple[int, Finding]
"""A finding and which of its rule's it is, from 1."""
Said: TypeAlias = dict[str, list[Numbered]]
"""Where each message holds."""

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class RuleGroup:
    """All that one rule found."""

    rule: str
    severity: Severity
    """The worst among the listed."""
    count: int
    listed: tuple[Finding, ...]
    facts: Rule | None

    @property
    def unlisted(self) -> int:
        return max(self.count - len(self.listed), 0)

    @property
    def title(self) -> str:
        if self.facts:
            return self.facts.title
        return self.listed[0].message if len({f.message for f in self.listed}) == 1 else ""

    def alike(self) -> dict[str, Said]:
        """By fix: what is said of several findings is said once."""
        said: dict[str, Said] = {}
        for number, finding in enumerate(self.listed, start=1):
            said.setdefault(finding.fix, {}).setdefault(finding.message, []).append(
                (number, finding)
            )
        return said


def groups(report: Report) -> list[RuleGroup]:
    """One group a rule, errors first."""
    unlisted: Severity = "error" if report.verdict == "refused" else "warning"
    listed: dict[str, list[Finding]] = {rule: [] for rule in report.counts}
    for finding in report.findings:
        listed.setdefault(finding.rule, []).append(finding)
    every = (
        RuleGroup(
            rule=rule,
            severity=min((f.severity for f in found), key=_SEVERITIES.index, default=unlisted),
            count=max(report.counts.get(rule, 0), len(found)),
            listed=tuple(found),
            facts=rules().get(rule),
        )
        for rule, found in listed.items()
        if found or report.counts[rule]
    )
    return sorted(every, key=lambda g: (_SEVERITIES.index(g.severity), g.rule))


def summary(report: Report) -> str:
    """What was checked and what was found: `12,400 records: 1,204 errors of 3 kinds, 1 warning`."""
    found = _totals(groups(report)) or "nothing to report"
    return f"{count(report.records, 'record')}: {found}"


def shared_field(where: Iterable[Numbered]) -> str | None:
    """The one path into the record that all these findings have, if it is one."""
    fields = {finding.field for _, finding in where}
    return fields.pop() if len(fields) == 1 else None


def places(where: Iterable[Numbered]) -> list[str]:
    """Each file with its lines: `train.jsonl lines 1-60, 73`, or the one place as `place` has it."""
    files: dict[str, list[Numbered]] = {}
    for number, finding in where:
        files.setdefault(finding.file, []).append((number, finding))
    return [
        place(found[0][1]) if len(found) == 1 else f"{visible(file)} {lines(found)}"
        for file, found in files.items()
    ]


def lines(where: Iterable[Numbered]) -> str:
    """`lines 1-60, 73`, whatever the columns; of a line with several records, `records 1-3`."""
    found = [finding for _, finding in where]
    if found and all(finding.record for finding in found):
        return _spans("record", {finding.record for finding in found if finding.record})
    return _spans("line", {finding.line for finding in found if finding.line is not None})


def _spans(unit: str, numbers: set[int]) -> str:
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = ", ".join(str(a) if a == b else f"{a}\u2013{b}" for a, b in spans)
    return f"{unit if len(numbers) == 1 else f'{unit}s'} {said}"


def place(finding: Finding) -> str:
    """`train.jsonl:12:33`, as editors and terminals make it a link."""
    return f"{visible(finding.file)}{within(finding)}"


def within(finding: Finding) -> str:
    """`:12:33`: line and column, as far as they are known; which record, where a line has several."""
    parts = (finding.line, finding.column if finding.line else None)
    at = "".join(f":{part}" for part in parts if part is not None)
    return f"{at} (record {finding.record})" if finding.record else at


_REPAIRS: Mapping[str, str] = {
    "byte_order_mark": "byte order mark dropped",
    "crlf": "Windows line end made a plain one",
    "blank_line": "blank line dropped",
    "final_newline": "missing newline at the end added",
    "gzip": "file unpacked",
    "ctrl_z": "Ctrl-Z at the end dropped",
}


def repairs(report: Report) -> list[tuple[str, int]]:
    """What the prepared copy fixes, in words, and how often."""
    return [(_REPAIRS.get(k, k.replace("_", " ")), n) for k, n in report.repairs.items() if n]


def _totals(found: Iterable[RuleGroup]) -> str:
    said = []
    for severity in _SEVERITIES:
        alike = [g for g in found if g.severity == severity]
        if alike:
            kinds = f" of {len(alike)} kinds" if len(alike) > 1 else ""
            said.append(count(sum(g.count for g in alike), severity) + kinds)
    return ", ".join(said)
