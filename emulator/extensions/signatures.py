"""Signatures: a call is made by anyone who has the secret of its key, with and without enforcement.

MiniStack takes any 12 digits, with any secret, for the root of an account, and checks no signature at
all unless it enforces policies. The secrets of functions it derives from their names.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime, router, sigv4
from ministack.core.responses import _account_from_sts_session, new_uuid
from ministack.services import lambda_svc

from emulator.emulator_settings import ACCOUNT
from emulator.entrance import Response

SignatureFailure = tuple[str, str]
"""Code and message, as AWS has them."""

_MISSING = ("MissingAuthenticationToken", "Request is missing Authentication Token")
UNSUPPORTED = ("UnsupportedSignature", "The request signature does not conform to AWS standards.")
UNKNOWN = (
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
)
EXPIRED = ("AccessDenied", "Request has expired")
OTHER_BODY = (
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
)
HEXADECIMAL = 64
"""Characters of a SHA-256; the header may hold a word instead, such as UNSIGNED-PAYLOAD."""


def install() -> None:
    """MiniStack derives a function's secret from its ARN and its role's: from ours, and from what nobody
    else knows.
    """
    seed = secrets.token_hex(32)
    derive = lambda_runtime.execution_credentials

    def credentials(config: dict[str, Any]) -> dict[str, str]:
        # What comes before the last slash of the role goes into the secret, and nowhere else.
        found: dict[str, str] = derive({**config, "Role": f"{seed}/{config.get('Role', '')}"})
        return found

    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = credentials


@dataclass(frozen=True, kw_only=True)
class Signatures:
    secret_access_key: str
    """Of the account's root."""

    def refusal(self, scope: dict[str, Any], body: bytes) -> Response | None:
        """The answer to a call that is not signed as it must be, in the form of its service."""
        headers = _headers(scope)
        query = parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
        failure = self._failure(scope, headers, query, body)
        if failure is None:
            return None
        service = router.detect_service(scope["method"], scope["path"], headers, query)
        denied = iam_evaluator.AuthError(*failure)
        answer: Response = app._credential_failure(service, "", new_uuid(), denied, headers)
        return answer

    def _failure(
        self,
        scope: dict[str, Any],
        headers: dict[str, str],
        query: dict[str, list[str]],
        body: bytes,
    ) -> SignatureFailure | None:
        presigned = "authorization" not in headers and "X-Amz-Signature" in query
        signed = headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 ")
        if not presigned and not signed:
            return UNSUPPORTED if "authorization" in headers else _MISSING
        signature = (
            sigv4.parse_query_signature(query)
            if presigned
            else sigv4.parse_header_signature(headers)
        )
        if isinstance(signature, tuple):
            return signature
        late = _late(signature, query) if presigned else sigv4.request_time_failure(signature)
        if late or signature.region_set is not None:
            return late or UNSUPPORTED
        given = query.get("X-Amz-Security-Token", [""])[0]
        token = given if presigned else headers.get("x-amz-security-token", "")
        secret = self._secret(signature.access_key_id, token)
        if isinstance(secret, tuple):
            return secret
        raw_path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        asked = (scope["method"], raw_path, query, headers, body)
        failure: SignatureFailure | None = sigv4.header_signature_failure(
            signature, secret, *asked, presigned=presigned
        )
        return failure or _other_body(headers.get("x-amz-content-sha256", ""), body)

    def _secret(self, key: str, token: str) -> str | SignatureFailure:
        if key == ACCOUNT:
            return self.secret_access_key
        if iam_evaluator.is_root_access_key(key):
            return UNKNOWN
        found = iam_evaluator.resolve_credential(
            key, _account_from_sts_session(key) or ACCOUNT, token
        )
        if isinstance(found, iam_evaluator.CredentialResolutionError):
            return found.code, found.message
        secret: str = found.secret_access_key
        return secret


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    """Those sent on several lines joined, as they are signed."""
    joined: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), sigv4.decode_header_value(value)
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _late(signature: sigv4.HeaderSignature, query: dict[str, list[str]]) -> SignatureFailure | None:
    seconds = query.get("X-Amz-Expires", [""])[0]
    try:
        late = sigv4.presigned_request_is_expired(signature.amz_date, seconds)
    except ValueError:
        return "AuthorizationQueryParametersError", "X-Amz-Date and X-Amz-Expires must be valid"
    return EXPIRED if late else None


def _other_body(announced: str, body: bytes) -> SignatureFailure | None:
    """The signature is of the announced hash; the body must be of that hash, too."""
    if len(announced) != HEXADECIMAL:
        return None
    same = hmac.compare_digest(hashlib.sha256(body).hexdigest(), announced.lower())
    return None if same else OTHER_BODY
