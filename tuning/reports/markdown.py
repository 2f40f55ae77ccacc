"""A report as a comment on a pull request."""

import re
from collections.abc import Mapping
from typing import Any

from tuning.datasets.report import Report
from tuning.reports import advice, outline
from tuning.reports import statistics_tables as statistics
from tuning.reports.scale import count
from tuning.reports.visible_text import visible

_ROOM = 60_000
"""A comment holds 65,536 characters: https://github.com/orgs/community/discussions/27190 ."""
_PUNCTUATION = re.compile(r"([!#$&()*+\-.:<>@\[\\\]^_`{|}~])")
_CALLS = re.compile(r"(?<=[@#])(?=\w)")
_SIGNS = {"error": "🛑", "warning": "⚠️", "note": "ℹ️"}  # noqa: RUF001 — the sign for information


def report_markdown(report: Report, *, estimate: Mapping[str, Any] | None = None) -> str:
    """Verdict, price, findings by rule, figures. What a comment has no room for is counted, not
    listed.
    """
    sign = "✅" if report.verdict == "accepted" else "❌"
    parts = [f"### {sign} {report.verdict.capitalize()}\n\n{_words(advice.verdict(report))}\n"]
    parts += [_price(estimate)] if estimate else []
    found = outline.groups(report)
    room = _ROOM - sum(map(len, parts)) - sum(len(_heading(group)) for group in found)
    for group in found:
        heading, whole = f"{_heading(group)}\n", _group(group)
        fits = len(whole) - len(heading) < room
        room -= len(whole) - len(heading) if fits else 0
        parts.append(whole if fits else heading)
    parts += filter(None, (_repairs(report), _statistics(report, room)))
    return "\n".join(parts)


def _price(estimate: Mapping[str, Any]) -> str:
    figure, facts, basis = advice.price(estimate)
    lines = [f"**{_words(figure)}** for training the model once, estimated", ""]
    lines += [f"- {_words(name)}: {_words(value)}" for name, value in facts]
    folded = ["<details><summary>What the price is based on</summary>", ""]
    return "\n".join(
        [*lines, "", *folded, *(f"- {_words(b)}" for b in basis), "", "</details>", ""]
    )


def _heading(group: outline.RuleGroup) -> str:
    title = f" {_words(group.title)}" if group.title else ""
    return (
        f"{_SIGNS[group.severity]} **{_words(group.rule)}**{title} ({count(group.count, 'time')})"
    )


def _group(group: outline.RuleGroup) -> str:
    lines = [_heading(group), ""]
    for fix, said in group.alike().items():
        for message, where in said.items():
            places = ", ".join(_code(outline.place(finding)) for _, finding in where)
            field = where[0][1].field
            inside = f" {_code(field)}" if field else ""
            words = "" if message == group.title else f": {_words(message)}"
            lines.append(f"- {places}{inside}{words}")
        lines.append(f"- *How to fix:* {_words(fix)}")
    if group.unlisted:
        lines.append(f"- and {group.unlisted:,} more of this kind")
    return "\n".join(lines) + "\n"


def _repairs(report: Report) -> str | None:
    fixed = [
        f"- {_words(what)} ({count(often, 'time')})" for what, often in outline.repairs(report)
    ]
    return "\n".join(["Repaired in the prepared copy:", "", *fixed, ""]) if fixed else None


def _statistics(report: Report, room: int) -> str | None:
    table = statistics.statistics_table(report.statistics)
    if table is None:
        return None
    rows = [
        ("", *table.columns),
        *((name, *(cell.text for cell in cells)) for name, cells in table.rows),
    ]
    lines = [f"| {' | '.join(map(_words, row))} |" for row in rows]
    lines.insert(1, f"| --- |{' ---: |' * len(table.columns)}")
    remarks = [f"{_words(remark)}\n" for remark in table.remarks]
    folded = [
        "<details><summary>The data in figures</summary>",
        "",
        *lines,
        "",
        *remarks,
        "</details>",
        "",
    ]
    whole = "\n".join(folded)
    return whole if len(whole) < room else None


def _words(text: str) -> str:
    """Text that stays text: no markup, no link made of an address, nobody called by name."""
    return _CALLS.sub("&#8203;", _PUNCTUATION.sub(r"\\\1", visible(text)))


def _code(text: str) -> str:
    """A code span, fenced by one backtick more than any in it. In it nothing links or calls."""
    text = visible(text)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
