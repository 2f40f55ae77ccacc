"""Bedrock's runtime: custom models answer from their deployments, and only as their callers may.

MiniStack takes any ARN for a model that answers, asks for rights on a foundation model of that name,
and knows no quota. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import bedrock_runtime

from emulator.bedrock.api_errors import ApiError, Denied, NotFound, Throttled, ValidationError
from emulator.bedrock.deployments import ModelDeployment
from emulator.bedrock.engine import Engine
from emulator.bedrock.nearest_example import text_of
from emulator.bedrock.ports import Scope
from emulator.bedrock.token_quota import TokenQuota
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions.enforcement import Gate, SignedCall, denial_message

EMULATED = "x-emulated"
NOTE = "nothing was trained; the answer is that of the nearest training example"
_CALL = re.compile(
    r"/model/(?P<model>.+)/(?P<kind>converse|converse-stream|invoke|invoke-with-response-stream)"
)
_ACTIONS = {
    # Converse is authorised by the right to invoke.
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    "converse": ("Converse", "InvokeModel"),
    "converse-stream": ("ConverseStream", "InvokeModelWithResponseStream"),
    "invoke": ("InvokeModel", "InvokeModel"),
    "invoke-with-response-stream": (
        "InvokeModelWithResponseStream",
        "InvokeModelWithResponseStream",
    ),
}


def install(settings: EmulatorSettings, engine: Engine, gate: Gate | None, clock: Clock) -> None:
    runtime = _Runtime(engine, gate, TokenQuota(per_minute=settings.tokens_per_minute), clock)
    theirs = bedrock_runtime.handle_request

    async def handle(
        method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]
    ) -> Any:
        found = _CALL.fullmatch(path) if method == "POST" else None
        if found is None:
            return await theirs(method, path, headers, body, query)
        try:
            deployment = runtime.admit(
                unquote(found["model"]),
                found["kind"],
                extract_access_key_id(headers, query),
                body,
            )
        except ApiError as refused:
            return error_response_json(refused.code, refused.message, refused.status)
        status, sent, document = await theirs(method, path, headers, body, query)
        return status, sent | ({EMULATED: NOTE} if deployment else {}), document

    bedrock_runtime.handle_request = handle
    bedrock_runtime._mock_reply = _answering(bedrock_runtime._mock_reply, engine)
    bedrock_runtime._family = _of_the_base(bedrock_runtime._family, engine)


class _Runtime:
    def __init__(self, engine: Engine, gate: Gate | None, quota: TokenQuota, clock: Clock) -> None:
        self._engine, self._gate, self._quota, self._clock = engine, gate, quota, clock

    def admit(self, model: str, kind: str, access_key: str, body: bytes) -> ModelDeployment | None:
        """The deployment that is to answer, None for any other model; raises `ApiError`."""
        operation, action = _ACTIONS[kind]
        self._check_caller(access_key, f"bedrock:{action}", _resource(model))
        if ":custom-model/" in model:
            # Only its deployment answers. UNCONFIRMED text.
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
            raise ValidationError(message="The provided model identifier is invalid.")
        if ":custom-model-deployment/" not in model:
            return None
        deployment = self._engine.deployments.find(_scope(), model)
        if self._engine.faults.take("throttle", operation=operation, job=deployment.name):
            raise Throttled(message="Too many requests, please wait before trying again.")
        if deployment.status != "Active":
            # UNCONFIRMED which error; the text is the emulator's.
            raise NotFound(message=f"The custom model deployment is {deployment.status}.")
        self._check_key(access_key, deployment)
        base = (*_key_of(deployment), deployment.model.job.offer.model)
        if not self._quota.take(base, _reserved(body), self._clock.now()):
            # https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
            raise Throttled(message="Too many tokens, please wait before trying again.")
        return deployment

    def _check_caller(self, access_key: str, action: str, resource: str) -> None:
        if self._gate is None:
            return
        call = SignedCall(
            access_key=access_key,
            service="bedrock-runtime",
            action=action,
            resource=resource,
            context={},
        )
        if denied := self._gate.check(call):
            raise Denied(message=denial_message(call, denied))

    def _check_key(self, access_key: str, deployment: ModelDeployment) -> None:
        """https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html

        That a deployment's caller is held to it is UNCONFIRMED, and the careful case.
        """
        key = deployment.model.job.request.get("customModelKmsKeyId")
        if self._gate is None or key is None:
            return
        via = {"kms:ViaService": f"bedrock.{get_region()}.amazonaws.com"}
        call = SignedCall(
            access_key=access_key, service="kms", action="kms:Decrypt", resource=key, context=via
        )
        if denied := self._gate.check_on_behalf(call):
            raise Denied(message=denial_message(call, denied))


def _answering(reply: Callable[..., str], engine: Engine) -> Callable[..., str]:
    """What a model answers, in place of MiniStack's own words where a model was trained here."""

    def answer(model: str, messages: list[dict[str, Any]], system: Any) -> str:
        plain: str = reply(model, messages, system)
        if ":custom-model-deployment/" not in model:
            return plain
        asked = " ".join(
            text_of(each.get("content")) for each in messages if each.get("role") == "user"
        )
        return engine.deployments.find(_scope(), model).model.examples.answer(asked) or plain

    return answer


def _of_the_base(family: Callable[[str], str], engine: Engine) -> Callable[[str], str]:
    """A deployment takes and gives the shapes of the model that it was customized from."""

    def of_the_base(model: str) -> str:
        if ":custom-model-deployment/" in model:
            model = engine.deployments.find(_scope(), model).model.job.offer.model
        return family(model)

    return of_the_base


def _scope() -> Scope:
    return Scope(account=get_account_id(), region=get_region())


def _key_of(deployment: ModelDeployment) -> tuple[str, str]:
    return deployment.scope.account, deployment.scope.region


def _resource(model: str) -> str:
    plain = not model.startswith("arn:")
    return f"arn:aws:bedrock:{get_region()}::foundation-model/{model}" if plain else model


def _reserved(body: bytes) -> int:
    """Tokens that a request takes from the quota as it begins: its input, and the most it may answer.

    Four bytes a token, as MiniStack counts them. What is given back afterwards is left out.
    """
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return 0  # MiniStack says what is wrong with it
    inference = request.get("inferenceConfig") or {} if isinstance(request, dict) else {}
    most = inference.get("maxTokens", 0)
    return len(body) // 4 + (most if isinstance(most, int) else 0)
