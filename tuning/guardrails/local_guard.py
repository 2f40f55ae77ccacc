"""How a text fares under a guardrail, without AWS: words and patterns as they are, the rest by guesses that say so.

What Bedrock does: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-how.html
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tuning.guardrails.guard_verdict import (
    Grounds,
    GuardAction,
    GuardFinding,
    GuardOutcome,
    GuardVerdict,
)
from tuning.guardrails.guardrail import TIER_LANGUAGES, Direction, Guardrail
from tuning.guardrails.guesses import (
    content_guesses,
    in_common,
    language_guess,
    profane,
    stops,
    topic_guess,
)
from tuning.guardrails.personal_kinds import FOUND_BY_PATTERNS, personal_places

_ACTIONS: dict[str, GuardAction] = {
    "BLOCK": "BLOCKED",
    "ANONYMIZE": "ANONYMIZED",
    "NONE": "NONE",
}


class _Masked(NamedTuple):
    start: int
    end: int
    mask: str


def judge_locally(
    guardrail: Guardrail, text: str, direction: Direction, grounds: Grounds | None = None
) -> GuardVerdict:
    """Block before mask: where anything blocks, the message goes on and nothing else."""
    languages = TIER_LANGUAGES[guardrail.tier]
    promised = languages is None or language_guess(text) in languages
    personal = [*_personal(guardrail, text, direction), *_patterns(guardrail, text, direction)]
    findings = (
        *(_content(guardrail, text, direction, languages)),
        *(_topics(guardrail, text, direction) if promised else ()),
        *_words(guardrail, text),
        *(finding for finding, _ in personal),
        *(_grounding(guardrail, text, grounds) if direction == "output" else ()),
    )
    masks = [_Masked(*span, f"{{{f.name}}}") for f, span in personal if f.action == "ANONYMIZED"]
    outcome, goes_on = _outcome(guardrail, text, direction, findings, masks)
    return GuardVerdict(
        direction=direction,
        outcome=outcome,
        text=goes_on,
        findings=tuple(dict.fromkeys(findings)),
        not_evaluated=tuple(_not_evaluated(guardrail, direction, grounds, promised=promised)),
    )


def _outcome(
    guardrail: Guardrail,
    text: str,
    direction: Direction,
    findings: tuple[GuardFinding, ...],
    masks: list[_Masked],
) -> tuple[GuardOutcome, str]:
    if any(each.action == "BLOCKED" for each in findings):
        said = guardrail.blocked_input if direction == "input" else guardrail.blocked_output
        return "blocked", said
    return ("masked", _with_masks(text, masks)) if masks else ("allowed", text)


def _with_masks(text: str, masks: list[_Masked]) -> str:
    """What overlaps is masked once, by what begins first, and of these by the longest."""
    pieces, at = [], 0
    for mask in sorted(masks, key=lambda each: (each.start, -each.end)):
        if mask.start >= at:
            pieces += [text[at : mask.start], mask.mask]
            at = mask.end
    return "".join((*pieces, text[at:]))


def _content(
    guardrail: Guardrail, text: str, direction: Direction, languages: tuple[str, ...] | None
) -> Iterator[GuardFinding]:
    for guess in content_guesses(text, languages):
        both = guardrail.content.get(guess.name)
        strength = (both.input if direction == "input" else both.output) if both else "NONE"
        if strength != "NONE":
            blocks = stops(strength, guess.confidence)
            yield GuardFinding(
                policy="content",
                name=guess.name,
                match=guess.phrase,
                action="BLOCKED" if blocks else "NONE",
                why=f"{guess.phrase!r} is on our list of phrases for {guess.name}, confidence {guess.confidence}; "
                f"the filter's strength is {strength}",
                approximated=True,
                confidence=guess.confidence,
            )


def _topics(guardrail: Guardrail, text: str, direction: Direction) -> Iterator[GuardFinding]:
    for topic in guardrail.topics:
        if direction not in topic.directions:
            continue
        if sentence := topic_guess(text, topic.name, topic.definition, topic.examples):
            yield GuardFinding(
                policy="topic",
                name=topic.name,
                action="BLOCKED",
                why=f"half the words of {sentence!r}, which the topic {topic.name!r} says of itself",
                approximated=True,
            )


def _words(guardrail: Guardrail, text: str) -> Iterator[GuardFinding]:
    """UNCONFIRMED that Bedrock takes upper and lower case for the same; its page has "exact match".

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-word-filters.html
    """
    spaced = " ".join(text.split())
    for word in guardrail.words:
        whole = rf"(?<!\w){re.escape(' '.join(word.split()))}(?!\w)"
        if found := re.search(whole, spaced, re.IGNORECASE):
            yield GuardFinding(
                policy="word",
                name=word,
                match=found[0],
                action="BLOCKED",
                why=f"{word!r} is among the guardrail's words",
            )
    for phrase in profane(text) if guardrail.profanity else ():
        yield GuardFinding(
            policy="profanity",
            name="PROFANITY",
            match=phrase,
            action="BLOCKED",
            why=f"{phrase!r} is on our short list of profanity; Bedrock has a longer one of its own",
            approximated=True,
        )


_Placed = tuple[GuardFinding, tuple[int, int]]


def _personal(guardrail: Guardrail, text: str, direction: Direction) -> Iterator[_Placed]:
    wanted = {
        kind: both.input if direction == "input" else both.output
        for kind, both in guardrail.personal_data.items()
    }
    for place in personal_places(text, wanted):
        finding = GuardFinding(
            policy="personal_data",
            name=place.kind,
            match=text[place.start : place.end],
            action=_ACTIONS[wanted[place.kind]],
            why=f"looks like {place.kind}, by one of our patterns; Bedrock goes by the context too",
            approximated=True,
        )
        yield finding, (place.start, place.end)


def _patterns(guardrail: Guardrail, text: str, direction: Direction) -> Iterator[_Placed]:
    for each in guardrail.patterns:
        action = each.actions.input if direction == "input" else each.actions.output
        for match in re.finditer(each.pattern, text):
            if not match[0]:
                continue
            finding = GuardFinding(
                policy="pattern",
                name=each.name,
                match=match[0],
                action=_ACTIONS[action],
                why=f"the guardrail's pattern {each.name!r} matches",
            )
            yield finding, match.span()


def _grounding(guardrail: Guardrail, text: str, grounds: Grounds | None) -> Iterator[GuardFinding]:
    if grounds is None:
        return
    for kind, least in guardrail.grounding.items():
        against = grounds.source if kind == "GROUNDING" else grounds.query
        if not against:
            continue
        score = round(
            in_common(text, against) if kind == "GROUNDING" else in_common(against, text), 2
        )
        yield GuardFinding(
            policy="grounding",
            name=kind,
            action="BLOCKED" if score < least else "NONE",
            why=f"{score:.2f} of the words are in common, by our own count; the least is {least:.2f}",
            approximated=True,
            score=score,
            least=least,
        )


def _not_evaluated(
    guardrail: Guardrail, direction: Direction, grounds: Grounds | None, *, promised: bool
) -> Iterator[str]:
    beyond = sorted(set(guardrail.personal_data) - FOUND_BY_PATTERNS)
    if beyond:
        yield f"{', '.join(beyond)}: no pattern finds them; Bedrock's models do"
    if not promised and guardrail.decided_by_models:
        yield "topics and content filters: the text is not in a language that the CLASSIC tier decides on"
    if direction == "output" and guardrail.grounding and grounds is None:
        yield "grounding: no source was given"
