"""S3: object versions in events and in partial reads.

MiniStack leaves `version-id` out of what EventBridge gets of a versioned bucket, and answers a
ranged read of a version with the whole object.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch

WHOLE, PARTIAL, UNSATISFIABLE = 200, 206, 416
_VERSION: ContextVar[str | None] = ContextVar("version", default=None)


def install() -> None:
    patch(s3, "_fire_s3_event", _fire_with_version)
    patch(eventbridge, "_dispatch_event", _dispatch_with_version)
    patch(s3, "_get_object", _get_part)


def _fire_with_version(
    fire: Theirs[None], *arguments: Any, version_id: str | None = None, **named: Any
) -> None:
    token = _VERSION.set(version_id)
    try:
        fire(*arguments, version_id=version_id, **named)
    finally:
        _VERSION.reset(token)


def _dispatch_with_version(
    dispatch: Theirs[Any], event: dict[str, Any], *arguments: Any, **named: Any
) -> Any:
    version = _VERSION.get()
    if version and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    return dispatch(event, *arguments, **named)


def _get_part(
    get: Theirs[Response], bucket: str, key: str, headers: dict[str, str], query: Any = None
) -> Response:
    status, answered, body = get(bucket, key, headers, query)
    wanted = headers.get("range")
    if status != WHOLE or not wanted or "versionId" not in (query or {}):
        return status, answered, body
    found = s3._parse_range(wanted, len(body))
    if found is None:
        refusal = s3._xml_body(s3._range_error_xml(bucket, key))
        return UNSATISFIABLE, {"Content-Type": "application/xml"}, refusal
    start, end = found
    part = body[start : end + 1]
    # The checksum of the whole does not fit a part.
    kept = {name: each for name, each in answered.items() if not name.startswith("x-amz-checksum-")}
    sizes = {
        "Content-Length": str(len(part)),
        "Content-Range": f"bytes {start}-{end}/{len(body)}",
    }
    return PARTIAL, kept | sizes, part
