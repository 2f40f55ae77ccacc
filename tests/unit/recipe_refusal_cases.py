"""What AWS says when it says no: errors as botocore raises them, by code."""

from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


def refusal(
    code: str, operation: str = "Operation", status: int = 400, message: str = "", **more: Any
) -> ClientError:
    """Of the class that a client's `exceptions` has under that code."""
    answer: Any = {
        "Error": {"Code": code, "Message": message or f"{code} it is"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return _kind(code)(answer, operation)


def exceptions(*codes: str) -> SimpleNamespace:
    """The `exceptions` of a client."""
    return SimpleNamespace(ClientError=ClientError, **{code: _kind(code) for code in codes})


@cache
def _kind(code: str) -> type[ClientError]:
    return type(code, (ClientError,), {})
