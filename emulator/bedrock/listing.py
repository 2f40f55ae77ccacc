"""Filters, order and pages that the List operations share."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.bedrock.api_errors import ValidationError

DEFAULT_PAGE = 100
"""UNCONFIRMED; the API allows 1 to 1000."""


@dataclass(frozen=True, kw_only=True)
class Members:
    """What an operation calls the members that its pages are sorted and filtered by."""

    name: str
    created: str = "creationTime"
    after: str = "creationTimeAfter"
    before: str = "creationTimeBefore"
    equal: tuple[tuple[str, str], ...] = (
        ("statusEquals", "status"),
        ("baseModelArnEquals", "baseModelArn"),
    )
    """Members of the request, each with the member of a summary that must be the same."""


def page(
    summaries: list[dict[str, Any]], request: dict[str, Any], members: Members
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The summaries asked for, and `nextToken` when there are more."""
    found = [each for each in summaries if _wanted(each, request, members)]
    found.sort(key=lambda each: (each[members.created], each[members.name]))
    if request.get("sortOrder", "Descending") == "Descending":
        found.reverse()
    start = _position(request.get("nextToken"))
    size = int(request.get("maxResults", DEFAULT_PAGE))
    more = {"nextToken": _token(start + size)} if start + size < len(found) else {}
    return found[start : start + size], more


def _wanted(summary: dict[str, Any], request: dict[str, Any], members: Members) -> bool:
    created = _time(summary[members.created])
    return (
        request.get("nameContains", "") in summary[members.name]
        and (members.after not in request or created > _time(request[members.after]))
        and (members.before not in request or created < _time(request[members.before]))
        and all(
            request.get(asked, summary.get(member)) == summary.get(member)
            for asked, member in members.equal
        )
    )


def _time(value: str | datetime) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _position(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        raise ValidationError(message="The provided nextToken is invalid.") from None
