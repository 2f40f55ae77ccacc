"""Objects in S3: read as a stream, written once."""

import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from posixpath import commonprefix
from typing import IO, Any, BinaryIO

from botocore.exceptions import ClientError

from lambdas.aws import client

# A body's own lines are read in pieces of 1 KB; this is ten times faster.
# https://github.com/boto/botocore/issues/2774
_CHUNK = 1024 * 1024


class _Stream(io.RawIOBase):
    """A response body as a raw stream, so that `io` can buffer it."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def reading(bucket: str, key: str, version_id: str) -> Iterator[BinaryIO]:
    """Exactly that version. Raises FileNotFoundError when it was deleted."""
    try:
        found = client("s3").get_object(Bucket=bucket, Key=key, VersionId=version_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            raise FileNotFoundError(f"s3://{bucket}/{key} version {version_id}") from None
        raise
    # Not `with found["Body"]`: that hands out urllib3's stream, whose errors botocore would not
    # translate and whose early end it would not notice.
    with closing(found["Body"]) as body, io.BufferedReader(_Stream(body), _CHUNK) as stream:
        yield stream


def existing(bucket: str, keys: Sequence[str]) -> list[str]:
    """Which of `keys`, all of one folder, there are. The listing spares a right: without
    s3:ListBucket, S3 denies a missing key instead of saying that it is missing.
    """
    found = set(_keys(bucket, commonprefix(keys)))
    return [key for key in keys if key in found]


def latest(bucket: str, key: str) -> tuple[str, int]:
    """Version id and bytes of what lies at `key` now."""
    found = client("s3").get_object(Bucket=bucket, Key=key)
    found["Body"].close()
    return str(found["VersionId"]), int(found["ContentLength"])


def put_once(bucket: str, key: str, body: IO[bytes]) -> str:
    """Write what nobody may change; its key is its content, so what is there already is the same.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    try:
        client("s3").put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
    return f"s3://{bucket}/{key}"


def put(bucket: str, key: str, text: str, content_type: str) -> str:
    client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type)
    return f"s3://{bucket}/{key}"


def texts(bucket: str, prefix: str, *, suffixes: tuple[str, ...]) -> dict[str, str]:
    """The text of every object under `prefix` whose key ends with one of `suffixes`."""
    s3 = client("s3")
    return {
        key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace")
        for key in _keys(bucket, prefix)
        if key.endswith(suffixes)
    }


def _keys(bucket: str, prefix: str) -> list[str]:
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]
