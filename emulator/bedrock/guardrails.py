"""Guardrails: a working draft, numbered versions of it, and what each of them says of a text.

https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-versions.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from emulator.bedrock.api_errors import Conflict, NotFound, ValidationError
from emulator.bedrock.emulated_jobs import identifier, now, tag_pairs
from emulator.bedrock.kept_resources import KeptResources, replayed
from emulator.bedrock.ports import Scope

DRAFT = "DRAFT"
_OF_THE_DRAFT = ("name", "kmsKeyId", "tags", "clientRequestToken")
"""Members of a request that no update and no version carries."""
_POLICIES = (
    *("topicPolicyConfig", "contentPolicyConfig", "wordPolicyConfig"),
    *("sensitiveInformationPolicyConfig", "contextualGroundingPolicyConfig"),
)


@dataclass(kw_only=True)
class KeptGuardrail:
    scope: Scope
    id: str
    arn: str
    request: dict[str, Any]
    """The draft, as CreateGuardrail or the last UpdateGuardrail had it."""
    created: str
    updated: str
    tags: dict[str, str]
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: int = 0
    """Numbers are not given twice, also after a deletion. UNCONFIRMED."""

    @property
    def name(self) -> str:
        return str(self.request["name"])

    @property
    def key(self) -> str | None:
        return self.request.get("kmsKeyId")

    def of_version(self, version: str) -> dict[str, Any] | None:
        return self.request if version == DRAFT else self.versions.get(version)

    def summary(self, version: str = DRAFT) -> dict[str, Any]:
        request = self.of_version(version) or {}
        said = {"description": request["description"]} if "description" in request else {}
        return {
            "id": self.id,
            "arn": self.arn,
            "status": "READY",
            "name": self.name,
            "version": version,
            "createdAt": self.created,
            "updatedAt": self.updated,
            **said,
        }

    def describe(self, version: str) -> dict[str, Any]:
        request = self.of_version(version) or {}
        summary = self.summary(version)
        kept = {"guardrailId": summary.pop("id"), "guardrailArn": summary.pop("arn")}
        policies = {
            name[: -len("Config")]: _kept(request[name]) for name in _POLICIES if name in request
        }
        key = {"kmsKeyArn": self.key} if self.key else {}
        messages = {m: request[m] for m in ("blockedInputMessaging", "blockedOutputsMessaging")}
        return {**summary, **kept, **policies, **messages, **key}


@dataclass(kw_only=True)
class Guardrails(KeptResources[KeptGuardrail]):
    kind: str = "guardrail"
    called: str = "guardrail"
    goes_by: Callable[[KeptGuardrail], str] = attrgetter("id")

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        check_guardrail(request)
        with self.lock:
            if same := replayed(self.of(scope), request, Conflict):
                return _created(same)
            if any(each.name == request["name"] for each in self.of(scope)):
                # UNCONFIRMED text.
                raise Conflict(
                    message=f"A guardrail with the name {request['name']} exists already."
                )
            name, at = identifier(), now()
            kept = KeptGuardrail(
                scope=scope,
                id=name,
                arn=scope.arn(f"guardrail/{name}"),
                request=request,
                created=at,
                updated=at,
                tags=tag_pairs(request.get("tags")),
            )
            self.kept[kept.arn] = kept
        return _created(kept)

    def update(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """The draft alone: what was numbered stays as it is."""
        check_guardrail(request)
        with self.lock:
            found = self.find(scope, request["guardrailIdentifier"])
            stays = {m: found.request[m] for m in _OF_THE_DRAFT if m in found.request}
            given = {m: v for m, v in request.items() if m != "guardrailIdentifier"}
            found.request = {**stays, **given}
            found.updated = now()
        return {**_created(found), "updatedAt": found.updated}

    def number(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """A version of the draft as it is."""
        with self.lock:
            found = self.find(scope, request["guardrailIdentifier"])
            found.last += 1
            said = {"description": request["description"]} if "description" in request else {}
            found.versions[str(found.last)] = {**found.request, **said}
            return {"guardrailId": found.id, "version": str(found.last)}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        version = request.get("guardrailVersion", DRAFT)
        with self.lock:
            found = self.find(scope, request["guardrailIdentifier"], version)
            return found.describe(version)

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """The drafts, or all versions of one. In one page: accounts have a hundred at most."""
        with self.lock:
            if wanted := request.get("guardrailIdentifier"):
                found = self.find(scope, wanted)
                listed = [found.summary(version) for version in (DRAFT, *found.versions)]
            else:
                listed = [each.summary() for each in self.of(scope)]
        return {"guardrails": listed}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """One version, or all of it."""
        version = request.get("guardrailVersion")
        with self.lock:
            found = self.find(scope, request["guardrailIdentifier"], version or DRAFT)
            if version:
                del found.versions[version]
            else:
                del self.kept[found.arn]
        return {}

    def find(self, scope: Scope, wanted: str, version: str = DRAFT) -> KeptGuardrail:
        """By id or ARN; raises `NotFound`."""
        if (found := self.look_up(scope, wanted)) and found.of_version(version) is not None:
            return found
        # UNCONFIRMED text.
        raise NotFound(message=f"The guardrail {wanted} with version {version} was not found.")


def _created(kept: KeptGuardrail) -> dict[str, Any]:
    named = {"guardrailId": kept.id, "guardrailArn": kept.arn}
    return {**named, "version": DRAFT, "createdAt": kept.created}


def check_guardrail(request: dict[str, Any]) -> None:
    """What botocore's model does not say. UNCONFIRMED texts.

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-prompt-attack.html
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-tiers.html
    """
    if "automatedReasoningPolicyConfig" in request:
        raise ValidationError(message="The emulator has no automated reasoning.")
    if not any(name in request for name in _POLICIES):
        raise ValidationError(message="A guardrail must have at least one policy.")
    content = request.get("contentPolicyConfig", {})
    for each in content.get("filtersConfig", []):
        if each["type"] == "PROMPT_ATTACK" and each["outputStrength"] != "NONE":
            raise ValidationError(message="The output strength of PROMPT_ATTACK must be NONE.")
    tiers = [request.get(name, {}).get("tierConfig", {}) for name in _POLICIES]
    standard = any(tier.get("tierName") == "STANDARD" for tier in tiers)
    if standard and "crossRegionConfig" not in request:
        raise ValidationError(message="The STANDARD tier needs cross-Region inference.")


def _kept(config: Any) -> Any:
    """Members as GetGuardrail calls them: without `Config`."""
    match config:
        case dict():
            return {name.removesuffix("Config"): _kept(part) for name, part in config.items()}
        case list():
            return [_kept(each) for each in config]
    return config
