"""Filters, order and pages that the List operations share."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from emulator.bedrock.api_errors import ValidationError

DEFAULT_PAGE = 100
"""UNCONFIRMED; the API allows 1 to 1000."""


@dataclass(frozen=True, kw_only=True)
class Members:
    """What an operation calls the members that its pages are sorted and filtered by."""

    summaries: str
    name: str
    created: str = "creationTime"
    after: str = "creationTimeAfter"
    before: str = "creationTimeBefore"
    equal: tuple[tuple[str, str], ...] = (
        ("statusEquals", "status"),
        ("baseModelArnEquals", "baseModelArn"),
    )
    """Members of the request, each with the member of a summary that must be the same."""


LISTED_MODELS = Members(summaries="modelSummaries", name="modelName")


class Listed(Protocol):
    def summary(self) -> dict[str, Any]: ...


def page(resources: Iterable[Listed], request: dict[str, Any], members: Members) -> dict[str, Any]:
    """The summaries asked for, and `nextToken` when there are more."""
    summaries = [each.summary() for each in resources]
    found = [each for each in summaries if _wanted(each, request, members)]
    found.sort(key=lambda each: (each[members.created], each[members.name]))
    if request.get("sortOrder", "Descending") == "Descending":
        found.reverse()
    return part(found, request, members.summaries)


def part(found: list[dict[str, Any]], request: dict[str, Any], member: str) -> dict[str, Any]:
    """That which the token of a request begins."""
    start = _position(request.get("nextToken"))
    end = start + int(request.get("maxResults", DEFAULT_PAGE))
    return {member: found[start:end], **({"nextToken": _token(end)} if end < len(found) else {})}


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
