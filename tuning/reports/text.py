"""A report for people at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tuning.datasets.report import Finding, Report
from tuning.reports import advice, outline
from tuning.reports import statistics_tables as statistics
from tuning.reports.scale import count
from tuning.reports.visible_text import visible

_Part = tuple[str, str]
"""Words and their style."""

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


class _Voice:
    """Says only `Text`, never rich's markup, in characters that the console can write."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.piped = not console.is_terminal

    def line(self, *parts: _Part, indent: int = 0) -> None:
        """Folded between words on a terminal; whole in a pipe, for grep and editors."""
        words = Text.assemble(*((self._written(words), style) for words, style in parts if words))
        if self.piped:
            self._console.print(" " * indent, words, sep="", soft_wrap=True)
        else:
            for folded in words.wrap(self._console, self._console.width - indent):
                self._console.print(" " * indent, folded, sep="", soft_wrap=True)

    def table(self, table: statistics.Table) -> None:
        drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        drawn.add_column("", overflow="fold")
        for column in table.columns:
            drawn.add_column(self._cell(column), justify="right", overflow="fold")
        for name, cells in table.rows:
            drawn.add_row(*map(self._cell, (name, *(cell.text for cell in cells))))
        self._console.print(drawn)
        for remark in table.remarks:
            self.line((remark, "dim"))

    def _cell(self, words: str) -> Text:
        return Text(self._written(words))

    def _written(self, words: str) -> str:
        encoding = self._console.encoding
        return visible(words).encode(encoding, "backslashreplace").decode(encoding)


def text(report: Report, console: Console, *, estimate: Mapping[str, Any] | None = None) -> None:
    """Verdict, findings by rule, repairs, figures, price. Piped, each finding keeps to one line."""
    say = _Voice(console)
    colour = "green" if report.verdict == "accepted" else "red"
    say.line((report.verdict.capitalize(), f"bold {colour}"))
    say.line((advice.verdict(report), ""))
    for group in outline.groups(report):
        _group(group, say)
    fixed = outline.repairs(report)
    if fixed:
        say.line()
        say.line(("Repaired in the prepared copy", "bold"))
        for what, often in fixed:
            say.line((f"{what} ", ""), (count(often, "time"), "dim"), indent=2)
    table = statistics.statistics_table(report.statistics)
    if table:
        say.line()
        say.table(table)
    if estimate:
        _price(estimate, say)


def _price(estimate: Mapping[str, Any], say: _Voice) -> None:
    figure, facts, basis = advice.price(estimate)
    say.line()
    say.line(("Price estimate  ", "bold"), (figure, ""), (" for training the model once", ""))
    for name, value in facts:
        say.line((f"{name}: ", "dim"), (value, ""), indent=2)
    for line in basis:
        say.line((line, "dim"), indent=2)


def _group(group: outline.RuleGroup, say: _Voice) -> None:
    colour = _COLOURS[group.severity]
    times = f"  {count(group.count, 'time')}" if group.count > 1 else ""
    say.line()
    say.line(
        (f"{group.severity} ", f"bold {colour}"),
        (group.rule, "bold"),
        (f"  {group.title}", ""),
        (times, "dim"),
    )
    for fix, said in group.alike().items():
        for message, where in said.items():
            words = "" if message == group.title else f"  {message}"
            if say.piped:
                _one_a_line(where, words, say)
            elif len(where) == 1:
                say.line(*_named(where[0][1], where[0][1].field), (words, ""), indent=2)
            else:
                _together(where, words, say)
        if group.unlisted and fix == group.listed[-1].fix:
            say.line((f"and {group.unlisted:,} more", "dim"), indent=2)
        say.line(("Fix: ", "bold"), (fix, ""), indent=2)


def _together(where: list[outline.Numbered], words: str, say: _Voice) -> None:
    """What is wrong once, then where, as many places to a line as fit."""
    field = outline.shared_field(where)
    if field or words:
        say.line((field or "", "dim"), (words if field else words.lstrip(), ""), indent=2)
    places = outline.places(where)
    parts = [part for place in places for part in ((place, "cyan"), ("   ", ""))]
    say.line(*parts[:-1], indent=4)


def _one_a_line(where: list[outline.Numbered], words: str, say: _Voice) -> None:
    """In a pipe: a line for each field, with its first place as editors read it, and all of its lines."""
    fields: dict[tuple[str, str | None], list[outline.Numbered]] = {}
    for number, finding in where:
        fields.setdefault((finding.file, finding.field), []).append((number, finding))
    for alike in fields.values():
        finding = alike[0][1]
        lines = f"  ({outline.lines(alike)})" if len(alike) > 1 else ""
        say.line(*_named(finding, finding.field), (words, ""), (lines, "dim"), indent=2)


def _named(finding: Finding, field: str | None) -> list[_Part]:
    return [(outline.place(finding), "cyan"), (f" {field}" if field else "", "dim")]
