"""An evaluation for people at a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tuning.evaluation.gate import Evaluation
from tuning.evaluation.judging import JudgeRating
from tuning.reports.evaluation_rows import (
    MetricRow,
    confusion_rows,
    decision_lines,
    judge_lines,
    judge_rows,
    metric_rows,
)
from tuning.reports.visible_text import visible


def evaluation_text(found: Evaluation, console: Console) -> None:
    """The decision with its reasons, every metric of every side, the worst regressions side by side."""
    decision = found.decision
    passed = decision.outcome == "promote"
    console.print(
        Text("Promote" if passed else "Hold", style="bold green" if passed else "bold red")
    )
    for line in decision_lines(decision):
        console.print(Text(visible(line)), soft_wrap=True)
    if found.results:
        console.print()
        console.print(_grid("metric", *metric_rows(found.results)))
    for result in found.results:
        if result.confusion:
            console.print()
            console.print(f"Labels, {result.side}: expected in rows, answered in columns")
            console.print(_grid("", *confusion_rows(result)))
    if found.judgement:
        _print_judgement(found.judgement, console)
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


def _print_judgement(found: JudgeRating, console: Console) -> None:
    console.print()
    for line in judge_lines(found):
        console.print(Text(visible(line)), soft_wrap=True)
    if found.scores:
        console.print(_grid("judge", *judge_rows(found)))


def _grid(corner: str, columns: Sequence[str], rows: Sequence[MetricRow]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(corner)
    for column in columns:
        table.add_column(Text(visible(column)), justify="right")
    for name, cells in rows:
        table.add_row(Text(visible(name)), *cells)
    return table
