"""S3: how large one request may be, and how small a part.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
"""

from typing import Any
from xml.etree import ElementTree as ET

from ministack.services import s3

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch

_LARGEST = 5 * 1024**3
"""Bytes of a single PUT, of an object or of a part."""
SMALLEST_PART = 5 * 1024**2
"""Bytes of each part but the last."""


def install() -> None:
    patch(s3, "_complete_multipart_upload", _complete_if_whole)


def put_too_large(method: str, headers: dict[str, str]) -> Response | None:
    """The answer to a PUT that need not be read: its headers say that it is too large."""
    sizes = (headers.get(name, "0") for name in ("content-length", "x-amz-decoded-content-length"))
    size = max(int(each) if each.isdecimal() else 0 for each in sizes)
    if method != "PUT" or size <= _LARGEST:
        return None
    refused: Response = s3._error(
        "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400
    )
    return refused


def _complete_if_whole(
    complete: Theirs[Response],
    bucket: str,
    key: str,
    body: bytes,
    query: dict[str, Any],
    *more: Any,
) -> Response:
    parts = (s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}).get("parts", {})
    asked = sorted(number for number in _numbers(body) if number in parts)
    if any(parts[number]["size"] < SMALLEST_PART for number in asked[:-1]):
        refused: Response = s3._error(
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            400,
        )
        return refused
    return complete(bucket, key, body, query, *more)


def _numbers(body: bytes) -> list[int]:
    try:
        document = ET.fromstring(body)  # noqa: S314 -- of the developer's own program
    except ET.ParseError:
        return []  # MiniStack refuses it
    found = [each.text for each in document.iter() if each.tag.endswith("PartNumber")]
    return [int(each) for each in found if each and each.isdecimal()]
