"""A guardrail: what is blocked or masked in what a model is asked and what it answers.

`guardrail_files.py` reads it, `guardrail_request.py` says it in Bedrock's words.
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-components.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["input", "output"]
Tier = Literal["CLASSIC", "STANDARD"]
FilterStrength = Literal["NONE", "LOW", "MEDIUM", "HIGH"]
PersonalAction = Literal["BLOCK", "ANONYMIZE", "NONE"]
GroundingKind = Literal["GROUNDING", "RELEVANCE"]
PROMPT_ATTACK = "PROMPT_ATTACK"
FILTER_KINDS = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE", PROMPT_ATTACK)
DIRECTIONS: tuple[Direction, ...] = ("input", "output")
TIER_LANGUAGES: Mapping[Tier, tuple[str, ...] | None] = {
    "CLASSIC": ("en", "es", "fr"),
    "STANDARD": None,
}
"""What Bedrock's models of a tier decide on: English, French and Spanish, or more than 60 languages.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GuardrailTopicsTierConfig.html"""


@dataclass(frozen=True, kw_only=True)
class StrengthBothWays:
    """Of a content filter."""

    input: FilterStrength
    output: FilterStrength


@dataclass(frozen=True, kw_only=True)
class ActionBothWays:
    """What happens to personal data."""

    input: PersonalAction
    output: PersonalAction


@dataclass(frozen=True, kw_only=True)
class DeniedTopic:
    name: str
    definition: str
    examples: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = DIRECTIONS


@dataclass(frozen=True, kw_only=True)
class PersonalPattern:
    """A regular expression of one's own."""

    name: str
    pattern: str
    description: str = ""
    actions: ActionBothWays


@dataclass(frozen=True, kw_only=True)
class Guardrail:
    name: str
    """The file's name without `.toml`."""
    description: str
    blocked_input: str
    """What is answered in place of a question that is blocked."""
    blocked_output: str
    """What is answered in place of an answer that is blocked."""
    tier: Tier = "CLASSIC"
    cross_region: str | None = None
    """The guardrail profile that STANDARD needs: prompts and answers may be judged in other Regions."""
    languages: tuple[str, ...] = ("en",)
    """What people write in: those that the tier does not promise are said."""
    content: Mapping[str, StrengthBothWays] = field(default_factory=dict)
    """By kind of `FILTER_KINDS`."""
    topics: tuple[DeniedTopic, ...] = ()
    words: tuple[str, ...] = ()
    profanity: bool = False
    personal_data: Mapping[str, ActionBothWays] = field(default_factory=dict)
    """By Bedrock's names, such as EMAIL."""
    patterns: tuple[PersonalPattern, ...] = ()
    grounding: Mapping[GroundingKind, float] = field(default_factory=dict)
    """The least score of an answer, 0 to 0.99."""

    @property
    def decided_by_models(self) -> bool:
        """Whether something in it is for Bedrock's models to decide, and no pattern or word."""
        return bool(self.content or self.topics or self.grounding)

    @property
    def notes(self) -> tuple[str, ...]:
        """What its owner should know of it, in sentences."""
        said = []
        promised = TIER_LANGUAGES[self.tier]
        beyond = [one for one in self.languages if promised is not None and one not in promised]
        if beyond and self.decided_by_models:
            said.append(
                f"{', '.join(beyond)}: the CLASSIC tier decides on English, French and Spanish alone; texts in other "
                "languages are held by words, patterns and personal data only"
            )
        if self.tier == "STANDARD":
            said.append(
                f"tier STANDARD with {self.cross_region}: prompts and answers may be judged in other Regions of that profile"
            )
        return tuple(said)
