"""An answer of AWS, or why there is none: for questions whose failing is itself an answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tuning.aws.error_messages import explained, without_credentials
from tuning.aws.transient import aws_errors, passes
from tuning.preflight.facts import CallFault, NoAnswer, fault_of_denial

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_Answer = TypeVar("_Answer")

# https://docs.aws.amazon.com/awssupport/latest/user/troubleshoot-aws-api.html and the services' own pages.
_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "UnauthorizedOperation",
}
_THROTTLED = {
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_FORBIDDEN, _TOO_MANY = 403, 429


def ask(call: str, question: Callable[[], _Answer]) -> _Answer | NoAnswer:
    """What the question returns; NoAnswer when AWS, the network or the credentials are against it.

    `call` is the operation as IAM names it.
    """
    try:
        return question()
    except aws_errors() as error:
        fault, message = _fault(error)
        return NoAnswer(call=call, fault=fault, message=message)


def code_of(error: Exception) -> str:
    """The code of an error that AWS has answered; empty for others."""
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def _fault(error: Exception) -> tuple[CallFault, str]:
    from botocore import exceptions  # noqa: PLC0415 — not before there is a client, see clients.py

    if isinstance(error, exceptions.ClientError):
        return _of_answer(error), explained(error)
    return "credentials" if isinstance(error, without_credentials()) else "unreachable", str(error)


def _of_answer(error: "ClientError") -> CallFault:
    response = error.response
    message = str(response.get("Error", {}).get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = code_of(error)
    if code in _CREDENTIALS:
        return "credentials"
    if code in _DENIED or status == _FORBIDDEN:
        return fault_of_denial(message)
    if code in _THROTTLED or status == _TOO_MANY:
        return "throttled"
    return "unreachable" if passes(error) else "refused"
