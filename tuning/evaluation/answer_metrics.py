"""Metrics: a score for each answer, and what they come to over all answers of one side."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from tuning.datasets.same import normalised
from tuning.evaluation import text_scores
from tuning.evaluation.records import EvaluationPrompt, MetricResult, ModelAnswer, Side
from tuning.evaluation.release_options import ReleaseOptions

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

NO_LABEL = "(no label)"
"""Where a confusion table counts answers that are none of the labels."""
_ALWAYS = ("exact_match", "normalised_match", "token_f1", "rouge_l", "chrf")
_TEXT: Mapping[str, Callable[[str, str], float]] = {
    name: getattr(text_scores, name) for name in _ALWAYS
}
_P95 = 0.95


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The metrics of one evaluation, as its recipe has them."""

    options: ReleaseOptions
    prompts: Sequence[EvaluationPrompt]

    @property
    def names(self) -> tuple[str, ...]:
        """What is reported: text metrics always, the recipe's own first."""
        own = self.options.metric
        return (own, *(name for name in _ALWAYS if name != own))

    def score(
        self, prompt: EvaluationPrompt, answer: ModelAnswer, name: str | None = None
    ) -> float:
        """From 0 to 1. There is none to gain without an answer."""
        name = name or self.options.metric
        if answer.failure is not None:
            return 0.0
        match name:
            case "label_accuracy":
                wanted = normalised(prompt.expected)
                return float(self._label(answer) == wanted)
            case "valid_json":
                return float(_parsed(answer.text) is not _NOT_JSON)
            case "json_schema":
                value = _parsed(answer.text)
                return float(value is not _NOT_JSON and self._schema.is_valid(value))
        return _TEXT[name](answer.text, prompt.expected)

    def results(self, side: Side, answers: Sequence[ModelAnswer]) -> Iterator[MetricResult]:
        """Every metric over the answers of a side, which are in the order of the prompts."""
        pairs = tuple(zip(self.prompts, answers, strict=True))
        for name in self.names:
            scores = [self.score(prompt, answer, name) for prompt, answer in pairs]
            confusion = self._confusion(pairs) if name == "label_accuracy" else {}
            yield MetricResult(
                metric=name, side=side, prompts=len(scores), mean=_mean(scores), confusion=confusion
            )
        yield from _measured("length", side, [len(a.text) for a in answers if a.failure is None])
        yield from _measured(
            "latency", side, [a.latency_ms for a in answers if a.latency_ms is not None]
        )

    def _confusion(
        self, pairs: Sequence[tuple[EvaluationPrompt, ModelAnswer]]
    ) -> dict[str, dict[str, int]]:
        counted = Counter((normalised(p.expected), self._label(answer)) for p, answer in pairs)
        table: dict[str, dict[str, int]] = {}
        for (wanted, given), often in sorted(counted.items()):
            table.setdefault(wanted, {})[given] = often
        return table

    def _label(self, answer: ModelAnswer) -> str:
        said = normalised(answer.text)
        return said if answer.failure is None and said in self._labels else NO_LABEL

    @cached_property
    def _labels(self) -> frozenset[str]:
        known = self.options.labels or [prompt.expected for prompt in self.prompts]
        return frozenset(map(normalised, known))

    @cached_property
    def _schema(self) -> "Draft202012Validator":
        from jsonschema import Draft202012Validator  # noqa: PLC0415 — one metric of many needs it

        return Draft202012Validator(self.options.schema or {})


class _NotJson:
    """What is not JSON has no value; None is one."""


_NOT_JSON = _NotJson()


def _parsed(text: str) -> Any:
    """The value of a text that is JSON by RFC 8259 and nothing else: no NaN, no fence around it."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOT_JSON


def _measured(name: str, side: Side, values: Sequence[float]) -> Iterator[MetricResult]:
    if values:
        p95 = sorted(values)[ceil(_P95 * len(values)) - 1]
        mean = _mean(values)
        yield MetricResult(metric=name, side=side, prompts=len(values), mean=mean, p95=p95)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
