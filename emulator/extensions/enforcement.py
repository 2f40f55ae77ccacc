"""IAM: what MiniStack's enforcement leaves out of a call's authorization.

Under AUTH=true it holds signed calls to the policies of the identity, the bucket, the queue, the
topic and the key. Added here: the VPC that a function is in and its endpoints' policies, the
keys that a service uses on the caller's behalf, and a record of all that was asked.
"""

from dataclasses import dataclass, replace
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, sts

from emulator.bedrock.operations import OPERATIONS
from emulator.extensions import key_use, private_apis
from emulator.extensions.agent_subnets import subnets_of_agent
from emulator.extensions.buckets import KEY_HEADER
from emulator.extensions.endpoint_policies import (
    SUBNETS,
    endpoint_context,
    endpoint_of,
    lets_through,
)
from emulator.extensions.item_conditions import PartOfTransaction
from emulator.extensions.patching import Theirs, patch
from emulator.knowledge.knowledge_engine import KNOWLEDGE_OPERATIONS
from emulator.recording import Recording, Use, function_of, owner, session_of

_Context = dict[str, Any]
Denial = Any
"""MiniStack's EvalResult or AuthError; None when the call is allowed."""

CUSTOMER_HEADER = "x-amz-server-side-encryption-customer-algorithm"
TLS = "1.2"
"""What the server demands at least; which one a connection has, it does not say."""
RUNTIME = (
    *("ApplyGuardrail", "Converse", "ConverseStream"),
    *("InvokeModel", "InvokeModelWithResponseStream"),
)
"""Operations that the emulated runtime asks for itself; two of them are no actions of IAM."""
_OURS = frozenset(
    f"bedrock:{name}"
    for name in (
        *OPERATIONS,
        *RUNTIME,
        *KNOWLEDGE_OPERATIONS["bedrock-agent"],
        *KNOWLEDGE_OPERATIONS["bedrock-agent-runtime"],
    )
)


def install(record: Recording) -> "Gate":
    gate = Gate(record)
    iam_evaluator.enforce = gate.decide
    patch(iam_actions, "s3_service_context", _add_write_keys)
    return gate


@dataclass(frozen=True, kw_only=True)
class SignedCall:
    access_key: str
    service: str
    """As MiniStack calls it, which is the prefix of its actions but for a few."""
    action: str
    resource: str
    context: _Context


class Gate:
    """Decides on every call of the API, in place of MiniStack's `enforce`."""

    def __init__(self, record: Recording) -> None:
        self._policies_allow = iam_evaluator.enforce
        self._record = record

    def decide(
        self,
        access_key: str,
        action: str,
        service: str,
        _region: str,
        resource_arn: str = "*",
        service_context: _Context | None = None,
    ) -> Denial:
        if action in _OURS:
            return None  # the emulated Bedrock knows the resources and asks for itself
        part = action.keys if isinstance(action, PartOfTransaction) else {}
        call = SignedCall(
            access_key=access_key,
            service=service,
            action=str(action),
            resource=resource_arn,
            context={**(service_context or {}), **part},
        )
        return self.check(call)

    def check(self, call: SignedCall) -> Denial:
        """None when the caller may, and may use the keys that it takes."""
        subnets = _subnets(call.access_key)
        service = private_apis.through(call.action, call.service)
        call = replace(call, context=endpoint_context({**call.context, SUBNETS: subnets}, service))
        denied = (
            _of_private_api(call)
            or self._ask(call)
            or (_blocked(call, subnets) if subnets else None)
        )
        self._note(call, denied)
        for need in (
            key_use.keys_needed(call.action, call.resource, call.context) if not denied else ()
        ):
            denied = denied or self._may_use(_with_key(call, need))
        return denied

    def _may_use(self, call: SignedCall) -> Denial:
        """S3 and the others name the right to the key that is missing, and not their own."""
        denied = self.check_on_behalf(call)
        return None if denied is None else _refused(denial_message(call, denied))

    def check_on_behalf(self, call: SignedCall) -> Denial:
        """Of a call that the service makes for the caller: no network of the caller's is in it."""
        denied = self._ask(call)
        self._note(call, denied)
        return denied

    def _ask(self, call: SignedCall) -> Denial:
        where = (call.service, get_region(), call.resource)
        return self._policies_allow(call.access_key, call.action, *where, call.context)

    def _note(self, call: SignedCall, denied: Denial) -> None:
        if caller := iam_evaluator.resolve_caller_identity(call.access_key):
            use = Use(
                principal=owner(caller["userArn"]),
                session=session_of(caller["userArn"]),
                action=call.action,
                resource=call.resource,
                allowed=denied is None,
                via=call.context.get("kms:ViaService", ""),
            )
            self._record.add(use)


def _with_key(call: SignedCall, need: key_use.KeyNeed) -> SignedCall:
    via = {
        "kms:ViaService": f"{call.service}.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
    }
    return replace(call, service="kms", action=need.action, resource=need.key, context=via)


def _blocked(call: SignedCall, subnets: list[str]) -> Denial:
    service = private_apis.through(call.action, call.service)
    endpoint = endpoint_of(subnets, service)
    if endpoint is None:
        why = f"the caller's VPC has no endpoint for {service}"
        return _refused(f"The emulator: {why}; in AWS, {call.action} would time out.")
    principal = iam_evaluator.resolve_principal(call.access_key, get_account_id())
    if isinstance(principal, iam_evaluator.AuthError):
        return principal
    asked = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=call.action,
        resource_arn=call.resource,
        region=get_region(),
        principal_keys=principal.keys,
        service_context=_of_bedrock(call.context),
    )
    if lets_through(endpoint, asked):
        return None
    what = f"perform: {call.action} on resource: {call.resource}"
    why = f"no VPC endpoint policy allows the {call.action} action"
    return _refused(f"User: {principal.arn} is not authorized to {what} because {why}")


def _of_private_api(call: SignedCall) -> Denial:
    why = private_apis.why_not(call.access_key, call.action, call.resource, call.context)
    return _refused(why) if why else None


def _of_bedrock(context: _Context) -> _Context:
    """What an endpoint's policy may ask of a request to Bedrock: MiniStack has keys of services in lower case."""
    return {key.lower(): value for key, value in context.items() if key.startswith("bedrock:")}


def denial_message(call: SignedCall, denied: Denial) -> str:
    """Why not, in AWS's words."""
    if isinstance(denied, iam_evaluator.AuthError):
        return str(denied.message)
    explicit = denied.decision == "Deny"
    who = (call.action, denied.principal_arn, call.resource, explicit)
    return str(iam_actions.identity_denial_message(*who))


def _refused(message: str) -> Denial:
    return iam_evaluator.AuthError("AccessDenied", message)


def _subnets(access_key: str) -> list[str]:
    """The VPC of the function or the agent whose session this is; MiniStack names the session after it."""
    name = function_of(session_of(str((sts._sessions.get(access_key) or {}).get("Arn", ""))))
    network = (lambda_svc._functions.get(name) or {}).get("config", {}).get("VpcConfig") or {}
    return list(network.get("SubnetIds", [])) or subnets_of_agent(name)


def _one(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value or "")


def _add_write_keys(
    keys_of: Theirs[_Context],
    action: str,
    query: dict[str, Any] | None,
    path: str = "",
    headers: dict[str, str] | None = None,
) -> _Context:
    """Condition keys of a write that MiniStack does not set.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    found: _Context = keys_of(action, query, path, headers)
    if iam_evaluator._request_origin.get()[1]:
        found["s3:TlsVersion"] = TLS
    if action != "s3:PutObject":
        return found
    sent, given = headers or {}, query or {}
    for name in (KEY_HEADER, CUSTOMER_HEADER, "if-none-match", "if-match"):
        if sent.get(name):
            found[f"s3:{name}"] = sent[name]
    if upload := _one(given.get("uploadId")):
        # A part and the completion carry no headers of their own: those of the upload decide.
        found |= key_use.of_upload(upload, part="partNumber" in given)
    creates = "partNumber" not in given and "uploads" not in given
    return found | {"s3:ObjectCreationOperation": str(creates).lower()}
