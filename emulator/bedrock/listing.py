"""Filters, order and pages that the List operations share."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from emulator.bedrock.api_errors import ValidationError

DEFAULT_PAGE = 100
"""UNCONFIRMED; the API allows 1 to 1000."""


def page(
    summaries: list[dict[str, Any]], request: dict[str, Any], *, name: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The summaries asked for, and `nextToken` when there are more."""
    found = [each for each in summaries if _wanted(each, request, name)]
    found.sort(key=lambda each: (each["creationTime"], each[name]))
    if request.get("sortOrder", "Descending") == "Descending":
        found.reverse()
    start = _position(request.get("nextToken"))
    size = int(request.get("maxResults", DEFAULT_PAGE))
    more = {"nextToken": _token(start + size)} if start + size < len(found) else {}
    return found[start : start + size], more


def _wanted(summary: dict[str, Any], request: dict[str, Any], name: str) -> bool:
    created = _time(summary["creationTime"])
    return (
        request.get("nameContains", "") in summary[name]
        and request.get("statusEquals", summary.get("status")) == summary.get("status")
        and ("creationTimeAfter" not in request or created > _time(request["creationTimeAfter"]))
        and ("creationTimeBefore" not in request or created < _time(request["creationTimeBefore"]))
        and request.get("baseModelArnEquals", summary["baseModelArn"]) == summary["baseModelArn"]
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
