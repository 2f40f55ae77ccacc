"""What a guardrail says of one text, and why."""

from dataclasses import dataclass
from typing import Any, Literal

from tuning.guardrails.guardrail import Direction

GuardPolicy = Literal[
    "content", "topic", "word", "profanity", "personal_data", "pattern", "grounding"
]
GuardAction = Literal["BLOCKED", "ANONYMIZED", "NONE"]
GuardOutcome = Literal["allowed", "masked", "blocked"]
PERSONAL: tuple[GuardPolicy, ...] = ("personal_data", "pattern")


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What an answer is held against, where a guardrail asks for it."""

    source: str
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class GuardFinding:
    policy: GuardPolicy
    name: str
    """Of the filter, the topic, the kind of personal data or the pattern; of a word, the word."""
    action: GuardAction
    why: str
    """For people. It does not repeat personal data."""
    match: str = ""
    """What was found, where it is a part of the text."""
    approximated: bool = False
    """Whether Bedrock's models decide it, and what is said here is our own guess."""
    score: float | None = None
    """Of grounding, from 0 to 1."""
    least: float | None = None
    """The score below which grounding blocks."""
    confidence: str | None = None
    """Of a content filter: LOW, MEDIUM or HIGH."""

    def to_json(self) -> dict[str, Any]:
        """Personal data are not repeated."""
        found = {} if self.policy in PERSONAL or not self.match else {"match": self.match}
        numbers = {"score": self.score, "least": self.least, "confidence": self.confidence}
        known = {name: value for name, value in numbers.items() if value is not None}
        facts = {"policy": self.policy, "name": self.name, "action": self.action, "why": self.why}
        return {**facts, **found, **known, "approximated": self.approximated}


@dataclass(frozen=True, kw_only=True)
class GuardVerdict:
    direction: Direction
    outcome: GuardOutcome
    text: str
    """What goes on: the text, the text with masks, or the guardrail's message."""
    findings: tuple[GuardFinding, ...] = ()
    not_evaluated: tuple[str, ...] = ()
    """What the guardrail asks for and nobody has looked at, with the reason."""

    @property
    def approximated(self) -> bool:
        """Whether the outcome rests on a guess: all that blocks or masks is one."""
        acting = [each for each in self.findings if each.action != "NONE"]
        return bool(acting) and all(each.approximated for each in acting)

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "direction": self.direction,
            "text": self.text,
            "approximated": self.approximated,
            "findings": [each.to_json() for each in self.findings],
            "not_evaluated": list(self.not_evaluated),
        }
