"""S3: what MiniStack lets pass of objects that are uploaded in parts.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from ministack.services import s3

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch

_PartOfList = dict[str, str]


def install() -> None:
    patch(s3, "_upload_part", _put_part)
    patch(s3, "_complete_multipart_upload", _complete_if_listed)


def _put_part(
    put: Theirs[Response],
    bucket: str,
    key: str,
    body: bytes,
    query: dict[str, Any],
    headers: dict[str, str],
) -> Response:
    algorithm = _algorithm(query)
    if algorithm and not headers.get(f"x-amz-checksum-{algorithm.lower()}"):
        # As public reports have it.
        sent = [name for name in headers if name.startswith("x-amz-checksum-")]
        other = sent[0].rpartition("-")[2] if sent else "null"
        return _refused(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.lower()}, "
            f"actual checksum Type: {other}",
        )
    return put(bucket, key, body, query, headers)


def _complete_if_listed(
    complete: Theirs[Response],
    bucket: str,
    key: str,
    body: bytes,
    query: dict[str, Any],
    *more: Any,
) -> Response:
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
    return (upload and _fault(body, _algorithm(query))) or complete(bucket, key, body, query, *more)


def _fault(body: bytes, algorithm: str | None) -> Response | None:
    try:
        parts = _parts(body)
        numbers = [int(part["PartNumber"]) for part in parts]
    except (ET.ParseError, KeyError, ValueError):
        return _malformed()
    if not parts:
        return _malformed()
    if any(later <= former for former, later in pairwise(numbers)):
        return _refused(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        )
    if algorithm:
        for number, part in zip(numbers, parts, strict=True):
            if not part.get(f"Checksum{algorithm}"):
                # As public reports have it.
                return _refused(
                    "InvalidRequest",
                    f"The upload was created using a {algorithm.lower()} checksum. The complete "
                    "request must include the checksum for each part. It was missing for part "
                    f"{number} in the request.",
                )
    return None


def _parts(body: bytes) -> list[_PartOfList]:
    document = ET.fromstring(body)  # noqa: S314 -- of the developer's own program
    return [
        {child.tag.rpartition("}")[2]: child.text or "" for child in each}
        for each in document.iter()
        if each.tag.rpartition("}")[2] == "Part"
    ]


def _algorithm(query: dict[str, Any]) -> str | None:
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}
    found: str | None = upload.get("checksum_algorithm")
    return found


def _malformed() -> Response:
    return _refused(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def _refused(code: str, message: str) -> Response:
    refused: Response = s3._error(code, message, 400)
    return refused
