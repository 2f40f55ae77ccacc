"""S3 in dictionaries, with the rules of multipart uploads, and connections that break.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import io
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

from botocore.response import StreamingBody
from fake_aws import FakeS3, checksum
from recipe_refusal_cases import refusal

_PARTS_A_PAGE = 2


@dataclass
class MultipartS3(FakeS3):
    least: int = 1
    """Bytes of a part that is not the last."""
    uploads: dict[tuple[str, str, str], dict[int, Any]] = field(default_factory=dict)
    """Those that are neither complete nor aborted."""
    breaks: list[int | None] = field(default_factory=list)
    """For each of the next reads: how many bytes arrive before the connection breaks; None: all."""
    ranges: list[tuple[str, int, int]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=lambda: count(1))

    def get_object(self, **given: Any) -> Any:
        found = super().get_object(**given)
        if wanted := given.get("Range"):
            first, last = (int(at) for at in wanted.removeprefix("bytes=").split("-"))
            self.ranges.append((given["Key"], first, last + 1))
        arrived = self.breaks.pop(0) if self.breaks else None
        if arrived is not None:
            cut = io.BytesIO(found["Body"].read()[:arrived])
            found["Body"] = StreamingBody(cut, found["ContentLength"])
        return found

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, str]:  # noqa: N803 — AWS's names
        assert ChecksumMode == "ENABLED"
        if not self.versions.get((Bucket, Key)):
            raise refusal("404", "HeadObject", 404)
        version = list(self.versions[Bucket, Key])[-1]
        return {"VersionId": version, "ChecksumSHA256": self.checksums.get((Bucket, Key), "")}

    def create_multipart_upload(self, *, Bucket: str, Key: str, ChecksumAlgorithm: str) -> Any:  # noqa: N803 — AWS's names
        assert ChecksumAlgorithm == "SHA256"
        upload = f"u{next(self.number)}"
        self.uploads[Bucket, Key, upload] = {}
        return {"UploadId": upload}

    def upload_part(self, *, PartNumber: int, Body: Any, ChecksumSHA256: str, **upload: str) -> Any:  # noqa: N803 — AWS's names
        parts = self._upload(**upload)
        assert 1 <= PartNumber <= 10_000
        if checksum(Body) != ChecksumSHA256:
            raise refusal("BadDigest", "UploadPart")
        # Where a key encrypts, the same bytes have another ETag each time.
        made = {
            "PartNumber": PartNumber,
            "Size": len(Body),
            "ETag": f'"{next(self.number)}"',
            "ChecksumSHA256": ChecksumSHA256,
        }
        parts[PartNumber] = (made, bytes(Body))
        return {"ETag": made["ETag"]}

    def get_paginator(self, operation: str) -> Any:
        if operation == "list_parts":
            return SimpleNamespace(paginate=self._parts)
        return super().get_paginator(operation)

    def _parts(self, **upload: str) -> Iterator[Any]:
        parts = [made for _, (made, _) in sorted(self._upload(**upload).items())]
        for first in range(0, len(parts), _PARTS_A_PAGE):
            yield {"Parts": parts[first : first + _PARTS_A_PAGE]}
        yield {}

    def complete_multipart_upload(self, *, MultipartUpload: Any, **upload: str) -> Any:  # noqa: N803 — AWS's names
        held, given = self._upload(**upload), MultipartUpload["Parts"]
        numbers = [part["PartNumber"] for part in given]
        if numbers != sorted(set(numbers)):
            raise refusal("InvalidPartOrder", "CompleteMultipartUpload")
        for part in given:
            made = held.get(part["PartNumber"], ({}, b""))[0]
            if any(made.get(name) != part[name] for name in ("ETag", "ChecksumSHA256")):
                raise refusal("InvalidPart", "CompleteMultipartUpload")
        if any(held[number][0]["Size"] < self.least for number in numbers[:-1]):
            raise refusal("EntityTooSmall", "CompleteMultipartUpload")
        bucket, key, version = upload["Bucket"], upload["Key"], f"whole-{next(self.number)}"
        self.lay(bucket, key, b"".join(held[number][1] for number in numbers), version)
        sums = b"".join(b64decode(part["ChecksumSHA256"]) for part in given)
        self.checksums[bucket, key] = f"{checksum(sums)}-{len(numbers)}"
        self.abort_multipart_upload(**upload)
        return {"VersionId": version}

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> Any:  # noqa: N803 — AWS's names
        self._upload(Bucket, Key, UploadId)
        del self.uploads[Bucket, Key, UploadId]
        return {}

    def _upload(self, Bucket: str, Key: str, UploadId: str) -> dict[int, Any]:  # noqa: N803 — AWS's names
        if (Bucket, Key, UploadId) not in self.uploads:
            raise refusal("NoSuchUpload", "Upload", 404)
        return self.uploads[Bucket, Key, UploadId]

    def newest(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """What lies under a prefix, by the rest of its key."""
        return {
            key.removeprefix(prefix): list(versions.values())[-1]
            for (place, key), versions in sorted(self.versions.items())
            if place == bucket and key.startswith(prefix)
        }
