"""S3: what Object Lock asks of requests.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch

Headers = dict[str, str]

BYPASS = "x-amz-bypass-governance-retention"
CHECKED = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer", "content-md5")
"""How the headers of a checksum begin. A trailer comes with nothing else from the SDKs."""


def install() -> None:
    patch(s3, "_put_object", _put_if_checked)
    patch(s3, "_put_bucket_versioning", _put_unless_locked)
    for name in ("_delete_object", "_delete_objects"):
        patch(s3, name, _delete_if_it_means_something)


def _put_if_checked(
    put: Theirs[Response], bucket: str, key: str, body: bytes, headers: Headers
) -> Response:
    """Present SDKs send one of their own accord, old ones do not."""
    lock = s3._bucket_object_lock.get(bucket) or {}
    retained = lock.get("default_retention") or any(
        name.startswith("x-amz-object-lock-") for name in headers
    )
    if retained and not any(name.lower().startswith(CHECKED) for name in headers):
        refused: Response = s3._error(
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
            "Object Lock parameters",
            400,
        )
        return refused
    return put(bucket, key, body, headers)


def _put_unless_locked(put: Theirs[Response], name: str, body: bytes) -> Response:
    """Object Lock is never switched off, nor is the versioning that it rests on."""
    if name in s3._bucket_object_lock and b"Suspended" in body:
        refused: Response = s3._error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state "
            "cannot be changed.",
            409,
        )
        return refused
    return put(name, body)


def _delete_if_it_means_something(
    delete: Callable[..., Response],
    bucket: str,
    what: Any,
    headers: Headers | None = None,
    *more: Any,
) -> Response:
    if headers and BYPASS in headers and bucket not in s3._bucket_object_lock:
        refused: Response = s3._error(
            "InvalidArgument",
            f"{BYPASS} is only applicable to Object Lock enabled buckets.",
            400,
        )
        return refused
    return delete(bucket, what, headers, *more)
