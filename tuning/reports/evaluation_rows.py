"""What every form of an evaluation says, in the same words: the decision, and the metrics of each side."""

from collections.abc import Iterator, Sequence

from tuning.evaluation.judging import JudgeRating
from tuning.evaluation.records import GateDecision, MetricResult
from tuning.reports.scale import count

_UNITS = {"length": " characters", "latency": " ms"}

MetricRow = tuple[str, list[str]]
"""A metric with its value for each side."""


def decision_lines(decision: GateDecision) -> Iterator[str]:
    yield from decision.reasons
    if decision.difference is not None:
        same = decision.prompts - decision.wins - decision.losses
        yield (
            f"{count(decision.prompts, 'different prompt')}: better in {decision.wins:,}, "
            f"worse in {decision.losses:,}, the same in {same:,}"
        )


def metric_rows(results: Sequence[MetricResult]) -> tuple[list[str], list[MetricRow]]:
    """The sides, and a row for each metric with a value of each of them."""
    sides: list[str] = list(dict.fromkeys(result.side for result in results))
    found: dict[tuple[str, str], str] = {(r.metric, r.side): _said(r) for r in results}
    names = dict.fromkeys(result.metric for result in results)
    return sides, [(name, [found.get((name, side), "-") for side in sides]) for name in names]


def judge_rows(found: JudgeRating) -> tuple[list[str], list[MetricRow]]:
    """The sides, and a row for each metric that the judge has rated."""
    sides: list[str] = list(dict.fromkeys(score.side for score in found.scores))
    said: dict[tuple[str, str], str] = {(s.metric, s.side): f"{s.mean:.3f}" for s in found.scores}
    names = dict.fromkeys(score.metric for score in found.scores)
    return sides, [
        (name.removeprefix("Builtin."), [said.get((name, side), "-") for side in sides])
        for name in names
    ]


def judge_lines(found: JudgeRating) -> Iterator[str]:
    """What else one has to know of it."""
    if found.why:
        yield str(found)
        return
    yield f"{found.judge} rates {count(found.prompts, 'prompt')}. It decides nothing."
    if found.left_out:
        yield f"{count(found.left_out, 'prompt')} left out: too long, too many, or not answered by both"


def confusion_rows(result: MetricResult) -> tuple[list[str], list[MetricRow]]:
    """The answered labels, and a row for each expected one with how often it was answered by each."""
    answered = sorted({label for row in result.confusion.values() for label in row})
    rows = [
        (wanted, [f"{row.get(label, 0):,}" for label in answered])
        for wanted, row in result.confusion.items()
    ]
    return answered, rows


def _said(result: MetricResult) -> str:
    unit = _UNITS.get(result.metric)
    if unit is None:
        return f"{result.mean:.3f}"
    return f"{result.mean:,.0f}{unit}, 95 %: {result.p95:,.0f}"
