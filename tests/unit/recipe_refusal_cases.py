"""How AWS answers: errors as botocore raises them, by code, and page after page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A paginator of a call that says in one member where it goes on, and is told so in another."""

    call: Callable[..., dict[str, Any]]
    next_of: tuple[str, str] = ("nextToken", "nextToken")

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        said, asked = self.next_of
        while True:
            page = self.call(**call)
            yield page
            if said not in page:
                return
            call[asked] = page[said]
