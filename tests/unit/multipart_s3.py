"""S3 in dictionaries, with multipart uploads beside all else."""

from dataclasses import dataclass, field
from typing import Any

from fake_aws import FakeS3
from fake_parts import FakeParts

_OF_PARTS = {
    "abort_multipart_upload",
    "complete_multipart_upload",
    "create_multipart_upload",
    "upload_part",
}


@dataclass
class MultipartS3(FakeS3):
    parts: FakeParts = field(default_factory=FakeParts)

    def __post_init__(self) -> None:
        self.parts.versions, self.parts.checksums = self.versions, self.checksums

    @property
    def uploads(self) -> Any:
        """Those that are neither complete nor aborted."""
        return self.parts.uploads

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_PARTS:
            raise AttributeError(name)
        return getattr(self.parts, name)

    def get_paginator(self, operation: str) -> Any:
        kept = self.parts if operation == "list_parts" else super()
        return kept.get_paginator(operation)

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, str]:  # noqa: N803 — AWS's names
        found: dict[str, str] = self.parts.head_object(
            Bucket=Bucket, Key=Key, ChecksumMode=ChecksumMode
        )
        return found

    def newest(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """What lies under a prefix, by the rest of its key."""
        return {
            key.removeprefix(prefix): list(versions.values())[-1]
            for (place, key), versions in sorted(self.versions.items())
            if place == bucket and key.startswith(prefix)
        }
