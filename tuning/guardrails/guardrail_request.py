"""A guardrail in the words of Bedrock's CreateGuardrail, and back.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tuning.guardrails.guardrail import (
    ActionBothWays,
    DeniedTopic,
    Direction,
    Guardrail,
    PersonalPattern,
    StrengthBothWays,
)

_DIGEST = 8


def as_request(guardrail: Guardrail) -> dict[str, Any]:
    """All but its name, its key and its tags, which are of a deployment. CloudFormation has the same members, each
    with a capital.
    """
    profile = guardrail.cross_region
    parts = {
        "contentPolicyConfig": _content(guardrail),
        "topicPolicyConfig": _topics(guardrail),
        "wordPolicyConfig": _words(guardrail),
        "sensitiveInformationPolicyConfig": _personal(guardrail),
        "contextualGroundingPolicyConfig": _grounding(guardrail),
        "crossRegionConfig": {"guardrailProfileIdentifier": profile} if profile else {},
    }
    return {
        "description": guardrail.description,
        "blockedInputMessaging": guardrail.blocked_input,
        "blockedOutputsMessaging": guardrail.blocked_output,
        **{member: part for member, part in parts.items() if part},
    }


def guardrail_digest(guardrail: Guardrail) -> str:
    """Of what it says to Bedrock: another one is another version."""
    said = json.dumps(as_request(guardrail), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]


def _content(guardrail: Guardrail) -> dict[str, Any]:
    filters = [
        {"type": kind, "inputStrength": both.input, "outputStrength": both.output}
        for kind, both in guardrail.content.items()
    ]
    return {"filtersConfig": filters, "tierConfig": _tier(guardrail)} if filters else {}


def _topics(guardrail: Guardrail) -> dict[str, Any]:
    topics = [
        {
            "name": topic.name,
            "definition": topic.definition,
            "type": "DENY",
            **({"examples": list(topic.examples)} if topic.examples else {}),
            "inputEnabled": "input" in topic.directions,
            "outputEnabled": "output" in topic.directions,
        }
        for topic in guardrail.topics
    ]
    return {"topicsConfig": topics, "tierConfig": _tier(guardrail)} if topics else {}


def _tier(guardrail: Guardrail) -> dict[str, str]:
    return {"tierName": guardrail.tier}


def _words(guardrail: Guardrail) -> dict[str, Any]:
    words = {"wordsConfig": [{"text": word} for word in guardrail.words]} if guardrail.words else {}
    lists = {"managedWordListsConfig": [{"type": "PROFANITY"}]} if guardrail.profanity else {}
    return {**words, **lists}


def _personal(guardrail: Guardrail) -> dict[str, Any]:
    kinds = [{"type": kind, **_actions(both)} for kind, both in guardrail.personal_data.items()]
    patterns = [
        {
            "name": each.name,
            "pattern": each.pattern,
            **({"description": each.description} if each.description else {}),
            **_actions(each.actions),
        }
        for each in guardrail.patterns
    ]
    return {
        **({"piiEntitiesConfig": kinds} if kinds else {}),
        **({"regexesConfig": patterns} if patterns else {}),
    }


def _actions(both: ActionBothWays) -> dict[str, Any]:
    """`action` is required, and gives way to the others."""
    return {"action": both.input, "inputAction": both.input, "outputAction": both.output}


def _grounding(guardrail: Guardrail) -> dict[str, Any]:
    filters = [
        {"type": kind, "threshold": least, "action": "BLOCK"}
        for kind, least in guardrail.grounding.items()
    ]
    return {"filtersConfig": filters} if filters else {}


def from_request(name: str, request: Mapping[str, Any]) -> Guardrail:
    """What a request, or what GetGuardrail kept of it, means. What is not enabled in a direction is not in it."""
    content, topics = (_policy(request, each) for each in ("content", "topic"))
    words, personal = (_policy(request, each) for each in ("word", "sensitiveInformation"))
    tiers = [_listed(each, "tier") for each in (content, topics)]
    standard = any(isinstance(t, dict) and t.get("tierName") == "STANDARD" for t in tiers)
    return Guardrail(
        name=name,
        description=request.get("description", ""),
        blocked_input=request["blockedInputMessaging"],
        blocked_output=request["blockedOutputsMessaging"],
        tier="STANDARD" if standard else "CLASSIC",
        content={
            each["type"]: StrengthBothWays(
                input=each["inputStrength"], output=each["outputStrength"]
            )
            for each in _listed(content, "filters")
        },
        topics=tuple(_topic(each) for each in _listed(topics, "topics")),
        words=tuple(each["text"] for each in _listed(words, "words")),
        profanity=bool(_listed(words, "managedWordLists")),
        personal_data={each["type"]: _both(each) for each in _listed(personal, "piiEntities")},
        patterns=tuple(
            PersonalPattern(
                name=each["name"],
                pattern=each["pattern"],
                description=each.get("description", ""),
                actions=_both(each),
            )
            for each in _listed(personal, "regexes")
        ),
        grounding={
            each["type"]: each["threshold"]
            for each in _listed(_policy(request, "contextualGrounding"), "filters")
            if each.get("action", "BLOCK") == "BLOCK"
        },
    )


def _policy(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = request.get(f"{name}PolicyConfig") or {}
    return found


def _listed(policy: Mapping[str, Any], name: str) -> Any:
    return policy.get(f"{name}Config") or []


def _topic(given: Mapping[str, Any]) -> DeniedTopic:
    return DeniedTopic(
        name=given["name"],
        definition=given["definition"],
        examples=tuple(given.get("examples", ())),
        directions=tuple(_enabled(given)),
    )


def _enabled(given: Mapping[str, Any]) -> Iterator[Direction]:
    if given.get("inputEnabled", True) and given.get("inputAction", "BLOCK") == "BLOCK":
        yield "input"
    if given.get("outputEnabled", True) and given.get("outputAction", "BLOCK") == "BLOCK":
        yield "output"


def _both(given: Mapping[str, Any]) -> ActionBothWays:
    action = given["action"]
    return ActionBothWays(
        input=given.get("inputAction", action) if given.get("inputEnabled", True) else "NONE",
        output=given.get("outputAction", action) if given.get("outputEnabled", True) else "NONE",
    )
