"""Guardrails in Bedrock's runtime: ApplyGuardrail, and guardrailConfig of Converse and ConverseStream.

UNCONFIRMED that a custom model's deployment takes guardrailConfig, as pages say of "fine-tuned models": here it does.
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ministack.services import bedrock_runtime

from emulator.bedrock.api_errors import Denied, ValidationError
from emulator.bedrock.engine import Engine
from emulator.bedrock.guarded_texts import applied_guardrail, judge_texts
from emulator.bedrock.guardrails import DRAFT, KeptGuardrail
from emulator.bedrock.requests import validate
from emulator.extensions.bedrock import GatedCallers, scope_of_the_call
from emulator.extensions.patching import Theirs, patch

if TYPE_CHECKING:
    from tuning.guardrails.guardrail import Direction

APPLY = re.compile(r"/guardrail/(?P<guardrail>.+)/version/(?P<version>[^/]+)/apply")
_HEADER = "x-amzn-bedrock-guardrailidentifier"


@dataclass(frozen=True, kw_only=True)
class NamedGuardrail:
    """As a request names it: it need not exist."""

    identifier: str
    version: str

    @property
    def condition(self) -> dict[str, str]:
        """The draft goes by the ARN alone.
        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html
        """
        plain = self.identifier.startswith("arn:")
        arn = self.identifier if plain else scope_of_the_call().arn(f"guardrail/{self.identifier}")
        suffix = "" if self.version == DRAFT else f":{self.version}"
        return {"bedrock:GuardrailIdentifier": f"{arn}{suffix}"}


@dataclass(frozen=True, kw_only=True)
class GuardedRuntime:
    engine: Engine
    callers: GatedCallers

    def install(self) -> None:
        """What Converse asks MiniStack's own guardrails, it asks these."""
        bedrock_runtime._resolve_guardrail = self._resolved
        bedrock_runtime._evaluate_guardrail = _evaluated
        patch(bedrock_runtime, "_last_user_text", _find_guarded)

    def apply(self, found: re.Match[str], body: bytes) -> dict[str, Any]:
        """Raises `ApiError`."""
        named = NamedGuardrail(
            identifier=unquote(found["guardrail"]), version=unquote(found["version"])
        )
        request = json.loads(body or b"{}")
        ids = {"guardrailIdentifier": named.identifier, "guardrailVersion": named.version}
        validate("ApplyGuardrail", {**request, **ids}, "bedrock-runtime")
        return applied_guardrail(self._admitted(named), named.version, request)

    def admit(self, kind: str, headers: Any, body: bytes) -> NamedGuardrail | None:
        """The guardrail that a request to a model names, with the rights that it takes; the condition key of the
        invocation is the caller's to ask about.
        """
        if "converse" not in kind:
            if any(name.lower() == _HEADER for name in headers):
                raise ValidationError(
                    message="The emulator applies guardrails to Converse, ConverseStream and ApplyGuardrail."
                )
            return None
        return named_in(body)

    def check(self, named: NamedGuardrail) -> None:
        self._admitted(named)

    def masked(self, named: NamedGuardrail, body: bytes) -> bytes:
        """The request as the model gets it: personal data of the newest message with their masks."""
        kept = self._kept(named)
        request = json.loads(body)
        for message in request.get("messages", [])[-1:]:
            for block in message.get("content", []):
                if "text" in block and message.get("role") == "user":
                    judged = judge_texts(kept, named.version, [block["text"]], "input")
                    if not judged.blocks:
                        block["text"] = judged.texts[0]
        return json.dumps(request).encode()

    def _admitted(self, named: NamedGuardrail) -> KeptGuardrail:
        """Who invokes needs the right on the guardrail and on its key.

        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html
        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
        """
        plain = named.identifier.startswith("arn:")
        scope = scope_of_the_call()
        arn = named.identifier if plain else scope.arn(f"guardrail/{named.identifier}")
        self._check_right("bedrock:ApplyGuardrail", arn, {})
        kept = self._kept(named)
        if kept.key:
            via = {"kms:ViaService": f"bedrock.{scope.region}.amazonaws.com"}
            self._check_right("kms:Decrypt", kept.key, via)
        return kept

    def _kept(self, named: NamedGuardrail) -> KeptGuardrail:
        return self.engine.guardrails.find(scope_of_the_call(), named.identifier, named.version)

    def _check_right(self, action: str, resource: str, context: dict[str, Any]) -> None:
        if refusal := self.callers.refusal(action, resource, context):
            raise Denied(message=refusal)

    def _resolved(self, identifier: str, version: str) -> dict[str, Any]:
        """As MiniStack calls its members."""
        kept = self._kept(NamedGuardrail(identifier=identifier, version=version))
        request = kept.of_version(version) or {}
        return {
            "GuardrailId": kept.id,
            "BlockedInputMessaging": request["blockedInputMessaging"],
            "BlockedOutputsMessaging": request["blockedOutputsMessaging"],
            "kept": kept,
            "version": version,
        }


def named_in(body: bytes) -> NamedGuardrail | None:
    """By guardrailConfig."""
    try:
        config = json.loads(body or b"{}").get("guardrailConfig")
    except (ValueError, AttributeError):
        return None  # MiniStack says what is wrong with it
    if not config:
        return None
    names = ("guardrailIdentifier", "guardrailVersion")
    if not isinstance(config, dict) or not all(isinstance(config.get(n), str) for n in names):
        raise ValidationError(message="guardrailConfig needs an identifier and a version.")
    identifier, version = (config[name] for name in names)
    return NamedGuardrail(identifier=identifier, version=version)


def _evaluated(record: dict[str, Any], source: str, text: str) -> dict[str, Any]:
    direction: Direction = "input" if source == "INPUT" else "output"
    judged = judge_texts(record["kept"], record["version"], [text], direction)
    return {
        "assessment": judged.assessment,
        "blocked": judged.blocks,
        "anonymized": judged.intervenes and not judged.blocks,
        "masked_text": judged.texts[0],
    }


def _find_guarded(newest: Theirs[str], messages: Any) -> str:
    """Where a message marks what is to be guarded, nothing else is."""
    marked = [
        block["guardContent"]["text"]["text"]
        for message in messages or []
        for block in message.get("content") or []
        if "text" in (block.get("guardContent") or {})
    ]
    return "\n".join(marked) if marked else newest(messages)
