"""S3, as a customization job uses it."""

import base64
import hashlib
from collections.abc import Iterator

from ministack.core.responses import get_region
from ministack.services import s3

from emulator.extensions.buckets import KEY_HEADER

OK = 200


class MiniStackObjects:
    def lines(self, bucket: str, key: str) -> Iterator[bytes] | None:
        """A job reads buckets of its own Region only.
        https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html
        """
        found = s3._buckets.get(bucket)
        if found is None or found.get("region", get_region()) != get_region():
            return None
        body = s3._get_object_data(bucket, key)
        return None if body is None else _split(body)

    def sizes(self, bucket: str, prefix: str) -> dict[str, int] | None:
        found = s3._buckets.get(bucket)
        if found is None or found.get("region", get_region()) != get_region():
            return None
        inside = {
            key.removeprefix(prefix): kept
            for key, kept in found["objects"].items()
            if key.startswith(prefix)
        }
        return {name: kept["size"] for name, kept in inside.items() if name and "/" not in name}

    def etags(self, bucket: str, prefix: str) -> dict[str, str] | None:
        """Of all objects under a prefix, by their keys; None when there is no such bucket in the Region."""
        found = s3._buckets.get(bucket)
        if found is None or found.get("region", get_region()) != get_region():
            return None
        inside = found["objects"].items()
        return {key: str(kept["etag"]) for key, kept in inside if key.startswith(prefix)}

    def body(self, bucket: str, key: str) -> bytes | None:
        found: bytes | None = s3._get_object_data(bucket, key)
        return found

    def part(self, bucket: str, key: str, start: int, length: int) -> bytes | None:
        body: bytes | None = s3._get_object_data(bucket, key)
        return None if body is None else body[start : start + length]

    def write(self, bucket: str, key: str, body: bytes) -> bool:
        # Anyone who looks at one file alone must see it too.
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        headers = {"x-amz-meta-emulated": "true", "content-md5": base64.b64encode(digest).decode()}
        status, _, _ = s3._put_object(bucket, key, body, headers)
        return bool(status == OK)

    def key_of(self, bucket: str, key: str | None) -> str | None:
        if key is None:
            used = s3._bucket_default_sse_headers(bucket).get(KEY_HEADER)
        else:
            stored = ((s3._buckets.get(bucket) or {}).get("objects") or {}).get(key) or {}
            used = stored.get("preserved_headers", {}).get(KEY_HEADER)
        # The account's own aws/s3 key is for everyone in the account.
        return None if used is None or used.endswith("alias/aws/s3") else used


def _split(body: bytes) -> Iterator[bytes]:
    """The lines; a final line feed ends the last one and does not begin another."""
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        yield body[start:end]
        start = end + 1
