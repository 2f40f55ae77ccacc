"""The gate: whether a candidate may go live, by its answers and those of what it is compared with."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from tuning.errors import TuningError
from tuning.evaluation.answer_metrics import Metrics
from tuning.evaluation.bootstrap import interval
from tuning.evaluation.judging import JudgeRating
from tuning.evaluation.records import (
    EvaluationPrompt,
    GateDecision,
    MetricResult,
    ModelAnswer,
    Regression,
    Side,
)
from tuning.evaluation.release_options import Reference, ReleaseOptions
from tuning.evaluation.wager import evidence
from tuning.reports.scale import count
from tuning.runs.json_record import Record

WORST = 10
"""Regressions that are listed."""


class EvaluationError(TuningError):
    """Answers that do not belong to the prompts. The message says which."""


class Evaluation(Record, frozen=True, kw_only=True):
    """All that an evaluation comes to."""

    decision: GateDecision
    results: tuple[MetricResult, ...]
    regressions: tuple[Regression, ...]
    """The worst first."""
    judgement: JudgeRating | None = None
    """Of a judge model that the recipe asks for. It is added when all is decided."""


@dataclass(frozen=True, kw_only=True)
class _Pair:
    prompt: EvaluationPrompt
    candidate: ModelAnswer
    reference: ModelAnswer
    difference: float
    """The candidate's score less the reference's, -1 to 1."""


def evaluate(
    prompts: Sequence[EvaluationPrompt],
    answers: Mapping[Side, Sequence[ModelAnswer]],
    options: ReleaseOptions,
) -> Evaluation:
    """The decision, every metric of every side, and the worst regressions.

    `answers` has the candidate's, and those of live, base or both, in any order. Raises EvaluationError when
    a prompt has no answer or two, or when there is nothing to compare with.
    """
    sides: dict[Side, list[ModelAnswer]] = {
        side: _in_order(prompts, answers[side], side)
        for side in ("candidate", "live", "base")
        if side in answers
    }
    if "candidate" not in sides:
        raise EvaluationError("there are no answers of the candidate")
    better_than = _reference(sides, options)
    metrics = Metrics(options=options, prompts=prompts)
    pairs = [
        _Pair(
            prompt=prompt,
            candidate=ours,
            reference=theirs,
            difference=metrics.score(prompt, ours) - metrics.score(prompt, theirs),
        )
        for prompt, ours, theirs in zip(
            prompts, sides["candidate"], sides[better_than], strict=True
        )
    ]
    results = [
        found for side, said in sides.items() if said for found in metrics.results(side, said)
    ]
    return Evaluation(
        decision=_decision(pairs, options, better_than),
        results=tuple(results),
        regressions=_regressions(pairs),
    )


def _in_order(
    prompts: Sequence[EvaluationPrompt], answers: Sequence[ModelAnswer], side: Side
) -> list[ModelAnswer]:
    """The answers in the order of the prompts."""
    by_line: dict[int, ModelAnswer] = {}
    for answer in answers:
        if answer.line in by_line:
            raise EvaluationError(f"{side}: two answers to the prompt of line {answer.line}")
        by_line[answer.line] = answer
    lines = {prompt.line for prompt in prompts}
    missing, others = sorted(lines - by_line.keys()), sorted(by_line.keys() - lines)
    for what, found in (("no answer to", missing), ("an answer to no prompt:", others)):
        if found:
            more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
            raise EvaluationError(
                f"{side}: {what} line {found[0]} of the prompts{more}; each prompt needs one answer, with its line"
            )
    return [by_line[prompt.line] for prompt in prompts]


def _reference(sides: Mapping[Side, object], options: ReleaseOptions) -> Reference:
    """What the candidate is compared with: without a live model, the base."""
    if options.better_than in sides:
        return options.better_than
    if options.better_than == "live" and "base" in sides:
        return "base"
    wanted = "live or base" if options.better_than == "live" else "base"
    raise EvaluationError(
        f'there is nothing to compare with: better_than = "{options.better_than}" needs answers of {wanted}'
    )


def _decision(
    pairs: Sequence[_Pair], options: ReleaseOptions, better_than: Reference
) -> GateDecision:
    differences = _by_prompt([pair for pair in pairs if pair.reference.failure is None])
    remarks = _remarks(pairs, options, better_than)
    few = f"{count(len(differences), 'different prompt')} compared, {options.min_prompts:,} needed"
    undecided = GateDecision(
        outcome="hold",
        reasons=(f"too few to decide: {few}", *remarks),
        metric=options.metric,
        better_than=better_than,
        by_at_least=options.by_at_least,
        prompts=len(differences),
        confidence=options.confidence,
    )
    if len(differences) < options.min_prompts:
        return undecided
    low, high = interval(differences, confidence=options.confidence, seed=_seed(pairs, options))
    found = structs.replace(
        undecided,
        difference=sum(differences) / len(differences),
        low=low,
        high=high,
        evidence=evidence(differences, options.by_at_least),
        evidence_needed=1 / (1 - options.confidence),
        wins=sum(each > 0 for each in differences),
        losses=sum(each < 0 for each in differences),
    )
    passes = low > found.by_at_least and (found.evidence or 0) >= (found.evidence_needed or 0)
    return structs.replace(
        found,
        outcome="promote" if passes else "hold",
        reasons=(_reason(found, passes=passes), *remarks),
    )


def _by_prompt(pairs: Sequence[_Pair]) -> list[float]:
    """A difference for each prompt. One that is there twice is no further evidence: it counts once, by its mean."""
    found: dict[str, list[float]] = {}
    for pair in sorted(pairs, key=lambda pair: (pair.prompt.id, pair.prompt.line)):
        found.setdefault(pair.prompt.id, []).append(pair.difference)
    return [sum(each) / len(each) for each in found.values()]


def _reason(found: GateDecision, *, passes: bool) -> str:
    said = (
        f"{found.metric} is {found.difference:+.3f} against {found.better_than} "
        f"({found.confidence:.1%} interval {found.low:+.3f} to {found.high:+.3f}); "
        f"more than {found.by_at_least:+g} is asked for"
    )
    if passes:
        return f"better: {said}"
    if (found.difference or 0) <= found.by_at_least:
        return f"not better: {said}"
    return (
        f"not proven better: {said}, with evidence of {found.evidence_needed:.0f} to 1; it is "
        f"{found.evidence:.1f} to 1. More prompts may decide it"
    )


def _remarks(pairs: Sequence[_Pair], options: ReleaseOptions, better_than: Reference) -> list[str]:
    """What else one has to know about the comparison."""
    said = []
    if better_than != options.better_than:
        said.append(f"compared with {better_than}: there are no answers of {options.better_than}")
    if unanswered := sum(pair.candidate.failure is not None for pair in pairs):
        said.append(f"{count(unanswered, 'prompt')} without an answer of the candidate: scored 0")
    if lost := sum(pair.reference.failure is not None for pair in pairs):
        said.append(f"{count(lost, 'prompt')} without an answer of {better_than}: left out")
    if twice := len(pairs) - len({pair.prompt.id for pair in pairs}):
        said.append(f"{count(twice, 'prompt')} that repeat another one: counted once")
    return said


def _seed(pairs: Sequence[_Pair], options: ReleaseOptions) -> int:
    """From the content, so that the same answers have the same interval, in any order."""
    content = [
        [
            pair.prompt.id,
            pair.prompt.line,
            pair.prompt.expected,
            pair.candidate.text,
            pair.reference.text,
        ]
        for pair in sorted(pairs, key=lambda pair: (pair.prompt.id, pair.prompt.line))
    ]
    text = json.dumps([options.metric, content])
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def _regressions(pairs: Sequence[_Pair]) -> tuple[Regression, ...]:
    worse = sorted(
        (pair for pair in pairs if pair.difference < 0 and pair.reference.failure is None),
        key=lambda pair: (pair.difference, pair.prompt.line),
    )
    return tuple(
        Regression(
            line=pair.prompt.line,
            question=pair.prompt.messages[-1].text,
            expected=pair.prompt.expected,
            candidate=pair.candidate.failure or pair.candidate.text,
            reference=pair.reference.text,
            difference=pair.difference,
        )
        for pair in worse[:WORST]
    )
