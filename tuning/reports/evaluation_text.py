"""An evaluation for people at a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tuning.evaluation.gate import Evaluation
from tuning.evaluation.records import MetricResult
from tuning.reports.scale import count
from tuning.reports.visible_text import visible

_UNITS = {"length": " characters", "latency": " ms"}


def evaluation_text(found: Evaluation, console: Console) -> None:
    """The decision with its reasons, every metric of every side, the worst regressions side by side."""
    decision = found.decision
    passed = decision.outcome == "promote"
    console.print(
        Text("Promote" if passed else "Hold", style="bold green" if passed else "bold red")
    )
    for line in _decision(found):
        console.print(Text(visible(line)), soft_wrap=True)
    if found.results:
        console.print()
        console.print(_metrics(found.results))
    for result in found.results:
        if result.confusion:
            console.print()
            console.print(f"Labels, {result.side}: expected in rows, answered in columns")
            console.print(_confusion(result))
    if not found.regressions:
        return
    console.print()
    console.print(f"Worst regressions, {len(found.regressions)} of {decision.losses}:")
    for worse in found.regressions:
        console.print(
            Text(f"  line {worse.line}, {worse.difference:+.3f}: {visible(worse.question)}"),
            soft_wrap=True,
        )
        for who, said in (
            ("expected", worse.expected),
            (decision.better_than, worse.reference),
            ("candidate", worse.candidate),
        ):
            console.print(Text(f"    {who + ':':<11}{visible(said)}"), soft_wrap=True)


def _decision(found: Evaluation) -> Iterator[str]:
    decision = found.decision
    yield from decision.reasons
    if decision.difference is not None:
        same = decision.prompts - decision.wins - decision.losses
        yield (
            f"{count(decision.prompts, 'different prompt')}: better in {decision.wins:,}, "
            f"worse in {decision.losses:,}, the same in {same:,}"
        )


def _metrics(results: tuple[MetricResult, ...]) -> Table:
    sides = list(dict.fromkeys(result.side for result in results))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("metric", *sides):
        table.add_column(column, justify="left" if column == "metric" else "right")
    names = list(dict.fromkeys(result.metric for result in results))
    by_name = {(result.metric, result.side): result for result in results}
    for name in names:
        cells = [by_name.get((name, side)) for side in sides]
        table.add_row(name, *(_cell(each) if each else "-" for each in cells))
    return table


def _cell(result: MetricResult) -> str:
    unit = _UNITS.get(result.metric)
    if unit is None:
        return f"{result.mean:.3f}"
    return f"{result.mean:,.0f}{unit}, 95 %: {result.p95:,.0f}"


def _confusion(result: MetricResult) -> Table:
    answered = sorted({label for row in result.confusion.values() for label in row})
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for label in answered:
        table.add_column(Text(visible(label)), justify="right")
    for wanted, row in result.confusion.items():
        table.add_row(Text(visible(wanted)), *(f"{row.get(label, 0):,}" for label in answered))
    return table
