"""The datasets bucket as an uploader sees it: versions of objects, and whether events of them are sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from tuning.aws.clients import Clients, client
from tuning.runs.times import zulu
from tuning.runs.uploads import PREFIX, Upload


@dataclass(frozen=True, kw_only=True)
class UploadedObjects:
    bucket: str
    client: Clients = client

    def version(self, key: str, version_id: str | None) -> tuple[Upload | None, bool]:
        """That version of an object, or its newest one, if any; and whether it was deleted by name."""
        found, hidden = None, False
        for page in self._pages(key):
            for each in page.get("DeleteMarkers", []):
                hidden = hidden or (each["Key"] == key and each["IsLatest"])
            for each in page.get("Versions", []):
                wanted = version_id in (None, each["VersionId"])
                if each["Key"] == key and wanted and found is None:
                    found = self._upload(each)  # newest first
        return found, hidden

    def since(self, moment: datetime) -> Iterator[Upload]:
        """The newest versions of objects that were uploaded since `moment` (aware), but for empty folders.

        Objects are listed without their versions, of which there may be many more.
        """
        pages = self.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=PREFIX):
            for each in page.get("Contents", []):
                if each["LastModified"] >= moment:
                    upload, _ = self.version(each["Key"], None)
                    if upload and not upload.is_empty_folder:
                        yield upload

    def put_file(self, key: str, file: Path) -> Upload:
        """Upload a file, as `put` does."""
        with file.open("rb") as body:
            return self.put(key, body, file.stat().st_size)

    def put(self, key: str, body: IO[bytes], size: int) -> Upload:
        """Upload in one request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""
        made = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return Upload(
            bucket=self.bucket,
            key=key,
            version_id=str(made["VersionId"]),
            size=size,
            arrived_at=zulu(datetime.now(UTC)),
        )

    def sends_events(self) -> bool:
        """Whether the bucket is set to send its events to EventBridge."""
        found = self.client("s3").get_bucket_notification_configuration(Bucket=self.bucket)
        return "EventBridgeConfiguration" in found

    def _pages(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self.client("s3").get_paginator("list_object_versions")
        yield from pages.paginate(Bucket=self.bucket, Prefix=prefix)

    def _upload(self, each: dict[str, Any]) -> Upload:
        return Upload(
            bucket=self.bucket,
            key=each["Key"],
            version_id=each["VersionId"],
            size=each["Size"],
            arrived_at=zulu(each["LastModified"]),
        )
