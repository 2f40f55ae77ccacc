"""What a kept guardrail says of a text, as ApplyGuardrail and Converse have it.

Words and patterns are judged as Bedrock judges them; what its models decide is guessed by `tuning/guardrails`, the one
part of the product that the emulator takes: there is nothing of AWS's to hold a guess against.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.guardrails import KeptGuardrail
from tuning.guardrails.assessments import INTERVENED, as_assessment
from tuning.guardrails.guard_verdict import Grounds, GuardVerdict
from tuning.guardrails.guardrail import Direction
from tuning.guardrails.guardrail_request import from_request
from tuning.guardrails.local_guard import judge_locally

GUESSED = "what Bedrock's models decide of a guardrail is guessed, by a small list of phrases"
_UNIT = 1000
"""Characters: https://aws.amazon.com/bedrock/pricing/"""


@dataclass(frozen=True, kw_only=True)
class GuardedTexts:
    verdicts: tuple[GuardVerdict, ...]
    """One for each text."""

    @property
    def blocks(self) -> bool:
        return any(each.outcome == "blocked" for each in self.verdicts)

    @property
    def texts(self) -> list[str]:
        """What goes on: the message alone where one is blocked."""
        blocked = [each.text for each in self.verdicts if each.outcome == "blocked"]
        return blocked[:1] or [each.text for each in self.verdicts]

    @property
    def intervenes(self) -> bool:
        return any(each.outcome != "allowed" for each in self.verdicts)

    @property
    def assessment(self) -> dict[str, Any]:
        return as_assessment([finding for each in self.verdicts for finding in each.findings])


def judge_texts(
    kept: KeptGuardrail,
    version: str,
    texts: Sequence[str],
    direction: Direction,
    grounds: Grounds | None = None,
) -> GuardedTexts:
    guardrail = from_request(kept.name, kept.of_version(version) or {})
    judged = tuple(judge_locally(guardrail, text, direction, grounds) for text in texts)
    return GuardedTexts(verdicts=judged)


def applied_guardrail(kept: KeptGuardrail, version: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ApplyGuardrail."""
    blocks = [_text(each) for each in request["content"]]
    texts = [text for text, qualifiers in blocks if not {"grounding_source", "query"} & qualifiers]
    direction: Direction = "input" if request["source"] == "INPUT" else "output"
    judged = judge_texts(kept, version, texts, direction, _grounds(blocks))
    return {
        "usage": _usage(kept.of_version(version) or {}, [text for text, _ in blocks]),
        "action": INTERVENED if judged.intervenes else "NONE",
        # UNCONFIRMED that several masked texts come one by one.
        "outputs": [{"text": text} for text in judged.texts] if judged.intervenes else [],
        "assessments": [judged.assessment],
    }


def _text(block: dict[str, Any]) -> tuple[str, set[str]]:
    if "text" not in block:
        raise ValidationError(message="The emulator judges texts, and no images.")
    return block["text"]["text"], set(block["text"].get("qualifiers", ()))


def _grounds(blocks: Sequence[tuple[str, set[str]]]) -> Grounds | None:
    sources = [text for text, qualifiers in blocks if "grounding_source" in qualifiers]
    queries = [text for text, qualifiers in blocks if "query" in qualifiers]
    return Grounds(source="\n".join(sources), query="\n".join(queries)) if sources else None


def _usage(request: dict[str, Any], texts: Sequence[str]) -> dict[str, int]:
    units = -(-sum(map(len, texts)) // _UNIT)
    personal = request.get("sensitiveInformationPolicyConfig", {})
    asked_for = {
        "topicPolicyUnits": "topicPolicyConfig" in request,
        "contentPolicyUnits": "contentPolicyConfig" in request,
        "wordPolicyUnits": "wordPolicyConfig" in request,
        "sensitiveInformationPolicyUnits": "piiEntitiesConfig" in personal,
        "sensitiveInformationPolicyFreeUnits": "regexesConfig" in personal,
        "contextualGroundingPolicyUnits": "contextualGroundingPolicyConfig" in request,
    }
    return {name: units if asked else 0 for name, asked in asked_for.items()}
