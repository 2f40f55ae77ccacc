"""Who used which permission: what an enforcing emulator was asked, to be held against what is
allowed.
"""

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Use:
    principal: str
    """ARN of a role (not of its session), of a user, or of the account's root."""
    action: str
    resource: str
    allowed: bool
    via: str = ""
    """The service that asked on the principal's behalf, such as s3.us-east-1.amazonaws.com."""
    session: str = ""
    """Of a role; a function's is named after the function. See `function_of`."""


class Recording:
    """Each use once, with how often it was seen. Kept in memory, for as long as the server runs."""

    def __init__(self) -> None:
        self._seen: Counter[Use] = Counter()
        self._lock = threading.Lock()

    def add(self, use: Use) -> None:
        with self._lock:
            self._seen[use] += 1

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [{**asdict(use), "times": times} for use, times in self._seen.items()]


def owner(principal: str) -> str:
    """The role that a session is of; anything else as it is.

    arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION does not hold the role's path: ours have none.
    """
    head, kind, rest = principal.partition(":assumed-role/")
    if not kind:
        return principal
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"


def session_of(principal: str) -> str:
    return principal.rpartition("/")[2] if ":assumed-role/" in principal else ""


def function_of(session: str) -> str:
    """The function whose place a session takes: `NAME`, and `NAME@anything` for anyone who acts as that
    function and must be distinguished from it.
    """
    return session.partition("@")[0]
