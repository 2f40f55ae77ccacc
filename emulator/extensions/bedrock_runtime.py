"""Bedrock's runtime: custom models answer from their deployments and model units, and only as their callers may.

MiniStack takes any ARN for a model that answers, asks for rights on a foundation model of that name,
and knows no quota. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.eventstream import EventStreamBuffer
from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import bedrock_runtime

from emulator.bedrock.api_errors import ApiError, Denied, NotFound, Throttled, ValidationError
from emulator.bedrock.deployments import ModelDeployment
from emulator.bedrock.emulated_imports import EmulatedImportedModel
from emulator.bedrock.engine import Engine
from emulator.bedrock.guarded_texts import GUESSED
from emulator.bedrock.imported_bodies import no_weights
from emulator.bedrock.logged_invocations import ModelInvocation
from emulator.bedrock.named_tools import BY_NAME, check_tools, tool_turn
from emulator.bedrock.nearest_example import text_of
from emulator.bedrock.quoted_passages import quoted_answer
from emulator.bedrock.throughputs import Throughput
from emulator.bedrock.token_quota import TokenQuota
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Response
from emulator.extensions.bedrock import CALLER, GatedCallers, scope_of_the_call
from emulator.extensions.enforcement import Gate
from emulator.extensions.guarded_runtime import APPLY, GuardedRuntime, NamedGuardrail
from emulator.extensions.imported_invocations import NO_WEIGHTS, check_imported, invoke_imported
from emulator.extensions.job_objects import OK
from emulator.extensions.patching import Theirs, patch

EMULATED = "x-emulated"
NOTE = "nothing was trained; the answer is that of the nearest training example, or a sentence of the prompt's passages"
_Answering = ModelDeployment | Throughput | EmulatedImportedModel
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
    callers = GatedCallers(gate=gate, endpoint="bedrock-runtime")
    guarded = GuardedRuntime(engine=engine, callers=callers)
    guarded.install()
    runtime = _Runtime(
        engine=engine,
        callers=callers,
        guarded=guarded,
        quota=TokenQuota(per_minute=settings.tokens_per_minute),
        clock=clock,
    )
    theirs = bedrock_runtime.handle_request

    async def handle(
        method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]
    ) -> Any:
        found = _CALL.fullmatch(path) if method == "POST" else None
        applying = APPLY.fullmatch(path) if method == "POST" else None
        CALLER.set(extract_access_key_id(headers, query))
        try:
            if applying:
                return _applied(guarded.apply(applying, body))
            if found is None:
                return await theirs(method, path, headers, body, query)
            named = guarded.admit(found["kind"], headers, body)
            answering = runtime.admit(unquote(found["model"]), found["kind"], body, named)
            if "converse" in found["kind"]:
                check_tools(_in_json(body))
            own = invoke_imported(answering, found["kind"], body, clock.now())
            asked = guarded.masked(named, body) if named else body
        except ApiError as refused:
            return error_response_json(refused.code, refused.message, refused.status)
        status, sent, document = own or await theirs(method, path, headers, asked, query)
        if status == OK:
            runtime.log(unquote(found["model"]), found["kind"], body, document)
        return status, sent | _notes(answering, named, body), document

    bedrock_runtime.handle_request = handle
    patch(bedrock_runtime, "_mock_reply", _answer, runtime)
    bedrock_runtime._proxy_openai_chat_message = _with_tools
    patch(bedrock_runtime, "_family", _find_family, runtime)


def _with_tools(
    _model: str, messages: Any, _system: Any, _inference: Any, tools: Any = None
) -> tuple[dict[str, Any] | None, None]:
    """Where MiniStack asks a model of somebody's own. Tokens are counted as those of other answers."""
    return tool_turn(messages, tools), None


def _applied(answer: dict[str, Any]) -> Response:
    sent = {"Content-Type": "application/json", EMULATED: GUESSED}
    return OK, sent, json.dumps(answer).encode()


def _notes(
    answering: _Answering | None, named: NamedGuardrail | None, body: bytes
) -> dict[str, str]:
    notes = [GUESSED] if named else []
    if b'"toolConfig"' in body:
        notes.append(BY_NAME)
    if answering is not None:
        notes.insert(0, NO_WEIGHTS if isinstance(answering, EmulatedImportedModel) else NOTE)
    return {EMULATED: "; ".join(notes)} if notes else {}


@dataclass(frozen=True, kw_only=True)
class _Runtime:
    engine: Engine
    callers: GatedCallers
    guarded: GuardedRuntime
    quota: TokenQuota
    clock: Clock

    def deployed(self, model: str) -> _Answering | None:
        """What an ARN is of under which a custom model answers; None for a model of any other kind. Raises
        `NotFound`.
        """
        if ":custom-model-deployment/" in model:
            return self.engine.deployments.find(scope_of_the_call(), model)
        if ":provisioned-model/" in model:
            return self.engine.throughputs.find(scope_of_the_call(), model)
        if ":imported-model/" in model:
            return self.engine.imports.models.find(scope_of_the_call(), model)
        return None

    def admit(
        self, model: str, kind: str, body: bytes, named: NamedGuardrail | None
    ) -> _Answering | None:
        """What is to answer, None for a base model by its id; raises `ApiError`."""
        operation, action = _ACTIONS[kind]
        resource = _resource(model)
        tags = self.engine.condition_keys(scope_of_the_call(), resource)
        self._check_right(f"bedrock:{action}", resource, tags | (named.condition if named else {}))
        if named:
            self.guarded.check(named)
        if ":custom-model/" in model:
            # Only its deployment answers. UNCONFIRMED text.
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
            raise ValidationError(message="The provided model identifier is invalid.")
        if (deployment := self.deployed(model)) is None:
            return None
        if self.engine.faults.take("throttle", operation=operation, job=deployment.name):
            raise Throttled(message="Too many requests, please wait before trying again.")
        if isinstance(deployment, EmulatedImportedModel):
            check_imported(deployment, kind)
            self._check_key(deployment, deployment.job.key)
            self.engine.imports.awake(deployment)
            return deployment
        if not deployment.answers:
            # UNCONFIRMED which error; the text is the emulator's.
            raise NotFound(message=f"The custom model deployment is {deployment.status}.")
        job = deployment.model.job if deployment.model else None
        self._check_key(deployment, job.request.get("customModelKmsKeyId") if job else None)
        if isinstance(deployment, ModelDeployment):  # model units have no quota of tokens
            self._reserve(deployment, body)
        return deployment

    def _check_key(self, answering: _Answering, key: str | None) -> None:
        """That the caller of a deployment or an imported model is held to it is UNCONFIRMED, and the careful case.
        https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        """
        if key:
            via = {"kms:ViaService": f"bedrock.{answering.scope.region}.amazonaws.com"}
            self._check_right("kms:Decrypt", key, via)

    def _reserve(self, deployment: ModelDeployment, body: bytes) -> None:
        base = (deployment.scope, deployment.base)
        if not self.quota.take(base, _reserved(body), self.clock.now()):
            # https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
            raise Throttled(message="Too many tokens, please wait before trying again.")

    def log(self, model: str, kind: str, asked: bytes, answered: bytes) -> None:
        """UNCONFIRMED whether AWS logs what it refused, which is not logged here."""
        self.engine.invocations.record(
            scope_of_the_call(),
            ModelInvocation(
                operation=_ACTIONS[kind][0],
                model=model,
                caller=str(iam_evaluator.caller_arn()),
                asked=_in_json(asked),
                answered=_events(answered) if "stream" in kind else _in_json(answered),
            ),
        )

    def _check_right(self, action: str, resource: str, context: dict[str, Any]) -> None:
        if refusal := self.callers.refusal(action, resource, context):
            raise Denied(message=refusal)


def _answer(
    reply: Theirs[str], runtime: _Runtime, model: str, messages: list[dict[str, Any]], system: Any
) -> str:
    """What a model answers, in place of MiniStack's own words where a model was trained here."""
    plain: str = reply(model, messages, system)
    deployment = runtime.deployed(model)
    asked = " ".join(
        text_of(each.get("content")) for each in messages if each.get("role") == "user"
    )
    if isinstance(deployment, EmulatedImportedModel):
        return no_weights(asked)
    if quoted := quoted_answer(asked):
        return quoted
    if deployment is None or deployment.model is None:
        return plain
    return deployment.model.examples.answer(asked) or plain


def _find_family(family: Theirs[str], runtime: _Runtime, model: str) -> str:
    """A deployment takes and gives the shapes of the model that it was customized from."""
    deployment = runtime.deployed(model)
    if isinstance(deployment, ModelDeployment | Throughput):
        return family(deployment.base)
    return family(model)


def _in_json(body: bytes) -> Any:
    return json.loads(body or b"{}")


def _events(stream: bytes) -> list[Any]:
    """UNCONFIRMED that a record has them one by one, and not put together."""
    events = EventStreamBuffer()
    events.add_data(stream)
    return [{str(e.headers[":event-type"]): json.loads(e.payload)} for e in events]


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
