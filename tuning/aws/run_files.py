"""What lies in the buckets for a run: its upload, its reports, what its job left."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.error_messages import explained
from tuning.runs.uploads import Upload


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    artifacts_bucket: str
    client: Clients = client

    def copy_onto_itself(self, upload: Upload, *, retrains: str) -> str | None:
        """A new version of an upload's bytes, which starts a run. None when the upload was deleted.

        S3 refuses to copy an object to itself unless something about it changes.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
        """
        s3, place = self.client("s3"), {"Bucket": upload.bucket, "Key": upload.key}
        try:
            made = s3.copy_object(
                **place,
                CopySource={**place, "VersionId": upload.version_id},
                MetadataDirective="REPLACE",
                Metadata={"retrains": retrains},
            )
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
                return None
            raise
        return str(made["VersionId"])

    def read_json(self, uri: str) -> Any:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return json.loads(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def report(self, run_id: str) -> Any:
        """The run's report, as programs read it."""
        return self.read_json(f"s3://{self.artifacts_bucket}/runs/{run_id}/report.json")

    def check(self, run_id: str) -> Mapping[str, Any] | str:
        """The same; or why it cannot be read."""
        return self.document(f"s3://{self.artifacts_bucket}/runs/{run_id}/report.json")

    def document(self, uri: str) -> Mapping[str, Any] | str:
        """A JSON object; or why it cannot be read: who may read the ledger need not be let into the bucket."""
        try:
            found: Mapping[str, Any] = self.read_json(uri)
        except self.client("s3").exceptions.ClientError as error:
            return explained(error)
        return found

    def artifacts(self, run_id: str) -> list[str]:
        """Keys of what the run and its job left in the artifacts bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2")
        return [
            entry["Key"]
            for folder in ("runs", "jobs")
            for page in pages.paginate(Bucket=self.artifacts_bucket, Prefix=f"{folder}/{run_id}/")
            for entry in page.get("Contents", [])
        ]
