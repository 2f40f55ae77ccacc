"""Multipart uploads that nobody has completed: their parts are billed until they are aborted.

It loads nothing that merges, so that a function may abort which does not merge.
"""

import json
from contextlib import closing
from dataclasses import dataclass

from botocore.exceptions import ClientError

from tuning.aws.clients import client
from tuning.imports.import_keys import model_prefix, plan_key


@dataclass(frozen=True, kw_only=True)
class MultipartUpload:
    bucket: str
    key: str
    upload_id: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def request(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.upload_id}


def planned_uploads(bucket: str, import_id: str) -> list[MultipartUpload]:
    """Those that the plan of an import has begun."""
    with closing(client("s3").get_object(Bucket=bucket, Key=plan_key(import_id))["Body"]) as body:
        uploads: dict[str, str] = json.loads(body.read())["merge"].get("uploads", {})
    folder = model_prefix(import_id)
    return [
        MultipartUpload(bucket=bucket, key=f"{folder}{file}", upload_id=upload_id)
        for file, upload_id in uploads.items()
    ]


def abort_upload(upload: MultipartUpload) -> None:
    """Gone already, or complete, is well."""
    try:
        client("s3").abort_multipart_upload(**upload.request())
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
