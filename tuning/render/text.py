"""A report for a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from tuning.dataset.report import Finding, Report
from tuning.dataset.rules import rules

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def text(report: Report, console: Console) -> None:
    """Print findings, each with its place and fix, then the verdict."""
    for rule in dict.fromkeys(f.rule for f in report.findings):
        found = [f for f in report.findings if f.rule == rule]
        for line in _rule(rule, found, report.counts[rule]):
            console.print(line, soft_wrap=True)
        console.print()
    console.print(_verdict(report))


def _rule(rule: str, found: list[Finding], total: int) -> Iterator[Text]:
    first = found[0]
    yield Text.assemble(
        (f"{first.severity} ", _COLOURS[first.severity]), (f"{rule} ", "bold"), rules()[rule].title
    )
    fixes = {f.fix for f in found}
    for finding in found:
        yield Text.assemble(("  " + place(finding), "bold"), f"  {finding.message}")
        if len(fixes) > 1:
            yield Text(f"    Fix: {finding.fix}", "green")
    if total > len(found):
        yield Text(f"  … and {total - len(found):,} more", "dim")
    if len(fixes) == 1:
        yield Text(f"  Fix: {first.fix}", "green")


def place(finding: Finding) -> str:
    """`train.jsonl:7:12 messages[0].role`, as far as it is known."""
    where = [finding.file, *(str(n) for n in (finding.line, finding.column) if n is not None)]
    return ":".join(where) + (f" {finding.field}" if finding.field else "")


def _verdict(report: Report) -> Text:
    colour = "bold green" if report.verdict == "accepted" else "bold red"
    return Text.assemble((report.verdict, colour), f": {report.records:,} records")
