"""How the outcome of a conversion is shown, to people and to scripts."""

from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tuning.cli.output import Shown, print_json, say
from tuning.datasets.convert.conversion import Summary
from tuning.datasets.convert.targets.target import Target
from tuning.datasets.convert.tried_commands import Advice
from tuning.reports.scale import count as counted
from tuning.reports.visible_text import printable

_PLACES = 4


@dataclass(frozen=True, kw_only=True)
class Done:
    output: str
    target: Target
    kept: bool
    sources: tuple[Summary, ...]
    notes: tuple[str, ...] = ()
    """What speaks against training on the output as a whole."""
    advice: Advice | None = None
    """After a refusal."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdict": "accepted" if self.kept else "refused",
            "output": self.output if self.kept else None,
            "written": sum(source.written for source in self.sources) if self.kept else 0,
            "sources": [source.to_dict() for source in self.sources],
            "notes": list(self.notes),
            "advice": advice_of(self.advice),
        }


def advice_of(advice: Advice | None) -> dict[str, Any] | None:
    """The advice for scripts: commands to run, or why there is none."""
    if advice is None:
        return None
    return {"commands": [str(command) for command in advice.commands], "end": advice.end}


def print_conversion(done: Done, shown: Shown) -> None:
    """Print the outcome: one JSON document, or on standard error lines for people."""
    if shown == "json":
        print_json(done.to_dict(), indent=2)
        return
    console = _console()
    for summary in done.sources:
        _print_summary(summary, done, console)
    if done.kept:
        count = sum(summary.written for summary in done.sources)
        console.print(
            Text(f"{counted(count, 'line')} written to {printable(done.output)}", style="green")
        )
        for note in done.notes:
            console.print(Text(f"To be trained on: {printable(note)}", style="yellow"))
    else:
        console.print(Text("refused: nothing was written", style="bold red"))
    print_advice(done.advice)


def print_advice(advice: Advice | None) -> None:
    """Print what to do next: each command as one line, to be copied."""
    for line in advice.lines() if advice else ():
        say(line)


def refused(summary: Summary) -> None:
    """Print why a dataset could not be read, for commands that only read it."""
    console = _console()
    console.print(_table(summary))
    _uncounted(summary, console)
    console.print(
        Text(f"refused: {printable(summary.file)} cannot be read completely", style="red")
    )


def _console() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _uncounted(summary: Summary, console: Console) -> None:
    for rule, count in summary.counts.items():
        listed = sum(found.rule == rule for found in summary.findings)
        if count > listed:
            console.print(Text(f"  and {count - listed} more of {rule}"))
    if summary.cut_short:
        console.print(Text("  what follows the last fault could not be read", style="yellow"))


def _print_summary(summary: Summary, done: Done, console: Console) -> None:
    file = printable(summary.file)
    why = f" ({printable(summary.why)})" if summary.why else ""
    kind = " of ".join(filter(None, (summary.container, summary.shape))) or "unknown"
    console.print(Text(f"{file}: read as {kind}{why}"))
    console.print(
        Text(
            f"  {counted(summary.records, 'record')}, {summary.refused} refused, "
            f"{counted(summary.written, 'line')} for {done.target.reader}"
        )
    )
    for word, counts in (("dropped", summary.dropped), ("changed", summary.changed)):
        for what, times in counts.items():
            console.print(Text(f"  {word}: {printable(what)}, {counted(times, 'time')}"))
    if summary.findings:
        console.print(_table(summary))
    _uncounted(summary, console)


def _table(summary: Summary) -> Table:
    place = "row" if summary.container in ("parquet", "xlsx") else "line"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in (place, "field", "rule", "what, and how to fix it"):
        side: Literal["left", "right"] = "right" if title == place else "left"
        table.add_column(title, justify=side, overflow="fold")
    for (rule, field, message, fix), places in _grouped(summary).items():
        more = f" +{len(places) - _PLACES}" if len(places) > _PLACES else ""
        at = ", ".join(places[:_PLACES]) + more
        words = Text(f"{printable(message)}. ").append(printable(fix), style="dim")
        table.add_row(at, Text(printable(field or "-")), rule, words)
    return table


def _grouped(summary: Summary) -> dict[tuple[str, str | None, str, str], list[str]]:
    """The same fault in many records is reported once, with the first of its places."""
    groups: dict[tuple[str, str | None, str, str], list[str]] = {}
    for found in summary.findings:
        at = "-" if found.line is None else str(found.line)
        at = f"{at}:{found.column}" if found.column else at
        at = f"{at} (record {found.record})" if found.record else at
        groups.setdefault((found.rule, found.field, found.message, found.fix), []).append(at)
    return groups
