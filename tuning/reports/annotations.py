"""A report as the lines that a GitHub workflow turns into annotations on the files.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator
from itertools import chain, zip_longest

from tuning.datasets.report import Finding, Report
from tuning.reports import outline
from tuning.reports.scale import count
from tuning.reports.visible_text import visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github(report: Report) -> str:
    """One line a finding, and one with the verdict. `file` should be relative to the repository."""
    found = outline.groups(report)
    return "".join(f"{line}\n" for line in chain(_annotations(found), _rest(found, report)))


def _annotations(found: list[outline.RuleGroup]) -> Iterator[str]:
    """The first of every rule before the second of any: GitHub shows ten of a level in a step.
    https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
    """
    turns = zip_longest(*(group.listed for group in found))
    for number, turn in enumerate(turns):
        for group, finding in zip(found, turn, strict=True):
            if finding is not None:
                more = group.unlisted if number == 0 else 0
                yield _annotation(finding, group, more)


def _annotation(finding: Finding, group: outline.RuleGroup, more: int) -> str:
    where = f"{finding.field}: " if finding.field else ""
    rest = f" And {more:,} more of this kind." if more else ""
    said = f"{where}{finding.message}. How to fix: {finding.fix}{rest}"
    title = " ".join(filter(None, (group.rule, group.facts.title if group.facts else "")))
    return _command(
        _COMMANDS[finding.severity],
        said,
        file=finding.file,
        line=finding.line,
        col=finding.column if finding.line else None,
        title=title,
    )


def _rest(found: list[outline.RuleGroup], report: Report) -> Iterator[str]:
    yield _command("notice", outline.summary(report), title=report.verdict.capitalize())
    unlisted = sum(group.unlisted for group in found)
    if unlisted:
        yield f"{count(unlisted, 'finding')} more: tuning check --format json counts them by rule."


def _command(name: str, message: str, **properties: str | int | None) -> str:
    written = ",".join(f"{k}={_property(v)}" for k, v in properties.items() if v is not None)
    return f"::{name} {written}::{_escaped(message)}"


def _property(value: str | int) -> str:
    return _escaped(str(value)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    """Line ends are spelled out by `visible`; escaped all the same, they would start a command."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
