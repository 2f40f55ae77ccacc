"""Verdicts as Bedrock's ApplyGuardrail says them, and back.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tuning.guardrails.guard_verdict import (
    GuardAction,
    GuardFinding,
    GuardOutcome,
    GuardPolicy,
    GuardVerdict,
)
from tuning.guardrails.guardrail import Direction

INTERVENED = "GUARDRAIL_INTERVENED"
_DECIDED_BY_MODELS: tuple[GuardPolicy, ...] = (
    *("content", "topic", "profanity", "personal_data", "grounding"),
)
"""By what only Bedrock has: an emulated one guesses."""
_PLACES: tuple[tuple[str, str, GuardPolicy, str], ...] = (
    ("contentPolicy", "filters", "content", "type"),
    ("topicPolicy", "topics", "topic", "name"),
    ("wordPolicy", "customWords", "word", "match"),
    ("wordPolicy", "managedWordLists", "profanity", "type"),
    ("sensitiveInformationPolicy", "piiEntities", "personal_data", "type"),
    ("sensitiveInformationPolicy", "regexes", "pattern", "name"),
    ("contextualGroundingPolicy", "filters", "grounding", "type"),
)
_SAYS: Mapping[GuardPolicy, str] = {
    "content": "Bedrock's content filter {name}, confidence {confidence}",
    "topic": "Bedrock takes it for the denied topic {name!r}",
    "word": "{name!r} is among the guardrail's words",
    "profanity": "{match!r} is on Bedrock's list of profanity",
    "personal_data": "Bedrock takes a part of it for {name}",
    "pattern": "the guardrail's pattern {name!r} matches",
    "grounding": "Bedrock's score is {score}, the least is {threshold}",
}


def verdict_of(
    answer: Mapping[str, Any], text: str, direction: Direction, *, emulated: bool = False
) -> GuardVerdict:
    """What an answer of ApplyGuardrail says. `text` goes on where the guardrail does not intervene."""
    of_models = _DECIDED_BY_MODELS if emulated else ()
    findings = tuple(
        replace(each, approximated=each.policy in of_models)
        for one in answer["assessments"]
        for each in _findings(one)
    )
    intervened = answer["action"] == INTERVENED
    outputs = [each.get("text", "") for each in answer.get("outputs", [])]
    blocked = intervened and not _only_masks(findings)
    outcome: GuardOutcome = "blocked" if blocked else "masked" if intervened else "allowed"
    return GuardVerdict(
        direction=direction,
        outcome=outcome,
        text="\n".join(outputs) if intervened and outputs else text,
        findings=findings,
    )


def _only_masks(findings: Sequence[GuardFinding]) -> bool:
    """What is blocked for a reason that is not known here is blocked all the same."""
    actions = {each.action for each in findings}
    return "ANONYMIZED" in actions and "BLOCKED" not in actions


def _findings(assessment: Mapping[str, Any]) -> Iterator[GuardFinding]:
    for policy, listed, kind, named in _PLACES:
        for each in (assessment.get(policy) or {}).get(listed, []):
            name, match = str(each.get(named, "")), str(each.get("match", ""))
            facts = {"name": name, "match": match, "confidence": each.get("confidence")}
            grounds = {"score": each.get("score"), "threshold": each.get("threshold")}
            yield GuardFinding(
                policy=kind,
                name=name,
                action=_action(each["action"]),
                match=match,
                why=_SAYS[kind].format(**{**facts, **grounds}),
                score=each.get("score"),
                least=each.get("threshold"),
                confidence=each.get("confidence"),
            )


def _action(said: str) -> GuardAction:
    return "BLOCKED" if said == "BLOCKED" else "ANONYMIZED" if said == "ANONYMIZED" else "NONE"


def as_assessment(findings: Sequence[GuardFinding]) -> dict[str, Any]:
    """One assessment, policies without a finding left out."""
    made: dict[str, Any] = {}
    for policy, listed, kind, _ in _PLACES:
        found = [_said(each) for each in findings if each.policy == kind]
        if found:
            made.setdefault(policy, {})[listed] = found
    for policy, pair in (
        ("wordPolicy", ("customWords", "managedWordLists")),
        ("sensitiveInformationPolicy", ("piiEntities", "regexes")),
    ):
        if policy in made:
            made[policy] = {listed: made[policy].get(listed, []) for listed in pair}
    return made


def _said(finding: GuardFinding) -> dict[str, Any]:
    common = {"action": finding.action, "detected": True}
    match finding.policy:
        case "content":
            return {"type": finding.name, "confidence": finding.confidence, **common}
        case "topic":
            return {"name": finding.name, "type": "DENY", **common}
        case "word":
            return {"match": finding.match, **common}
        case "profanity" | "personal_data":
            return {"type": finding.name, "match": finding.match, **common}
        case "pattern":
            return {"name": finding.name, "match": finding.match, **common}
        case "grounding":
            scores = {"score": finding.score, "threshold": finding.least}
            return {"type": finding.name, **scores, **common}
