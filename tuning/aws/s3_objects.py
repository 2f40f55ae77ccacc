"""Objects in S3: read as a stream, written once."""

import io
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from errno import ENOENT
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError, IncompleteReadError

from tuning.aws.clients import client
from tuning.errors import TuningError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

# A body's own lines are read in pieces of 1 KB; this is ten times faster.
# https://github.com/boto/botocore/issues/2774
_CHUNK = 1024 * 1024
PART_BYTES = 8 * 1024 * 1024
"""Bytes of a range; a smaller object is one stream."""
_AHEAD = 2  # ranges under way while one is read: 24 MB at most


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


class _Parts(io.RawIOBase):
    """One version as a raw stream, its ranges fetched ahead by threads and given in order."""

    def __init__(self, fetch: Callable[[int], bytes], size: int, pool: "Executor") -> None:
        self._fetch, self._pool = fetch, pool
        self._starts = iter(range(0, size, PART_BYTES))
        self._coming: deque[Future[bytes]] = deque()
        self._ask(_AHEAD)
        self._part = self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._part:
            self._part = self._next()
        piece, self._part = self._part[: len(buffer)], self._part[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def _ask(self, parts: int) -> None:
        starts = islice(self._starts, parts)
        self._coming.extend(self._pool.submit(self._fetch, start) for start in starts)

    def _next(self) -> memoryview:
        if not self._coming:
            return memoryview(b"")
        part = self._coming.popleft().result()
        self._ask(1)
        return memoryview(part)


@contextmanager
def reading(bucket: str, key: str, version_id: str, size: int) -> Iterator[BinaryIO]:
    """Exactly that version, of so many bytes. Raises FileNotFoundError when it was deleted, even
    while it is read.

    S3 serves several connections faster than one, so large objects are read in ranges, ahead.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html
    """
    where = {"Bucket": bucket, "Key": key, "VersionId": version_id}
    if size <= PART_BYTES:
        with closing(_found(where)) as body, io.BufferedReader(_Stream(body), _CHUNK) as stream:
            yield stream
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 — small objects need none

    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="ranges") as pool:
        parts = _Parts(lambda start: _fetched(where, start, size), size, pool)
        with io.BufferedReader(parts, _CHUNK) as stream:
            yield stream


def _found(where: Mapping[str, str]) -> Any:
    # Its body is not for `with`: that hands out urllib3's stream, whose errors botocore would not
    # translate and whose early end it would not notice.
    try:
        return client("s3").get_object(**where)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
            said = f"no version {where['VersionId']} in {where['Bucket']}"
            raise FileNotFoundError(ENOENT, said, where["Key"]) from None
        raise


def _fetched(where: Mapping[str, str], start: int, size: int) -> bytes:
    return read_range(where, start, min(start + PART_BYTES, size))


def read_range(where: Mapping[str, str], start: int, end: int) -> bytes:
    """Bytes `start` to before `end` of a version: Bucket, Key and VersionId. Raises FileNotFoundError when it was
    deleted, IncompleteReadError or HTTPClientError when the connection broke.
    """
    with closing(_found({**where, "Range": f"bytes={start}-{end - 1}"})) as body:
        part: bytes = body.read()
    if len(part) != end - start:
        raise IncompleteReadError(actual_bytes=len(part), expected_bytes=end - start)
    return part


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """An object of a folder."""

    key: str
    modified_at: datetime
    """When its newest version was made. Aware."""


def beside(bucket: str, folder: str, letters: str) -> list[_Listed]:
    """The objects of a folder, but for those of folders in it, whose names begin with one of `letters`.
    The listing spares a right: without s3:ListBucket, S3 denies a missing key instead of saying that it
    is missing.
    """
    pages = client("s3").get_paginator("list_objects_v2")
    return [
        _Listed(key=found["Key"], modified_at=found["LastModified"])
        for letter in letters
        for page in pages.paginate(Bucket=bucket, Prefix=f"{folder}{letter}", Delimiter="/")
        for found in page.get("Contents", [])
    ]


def latest(bucket: str, key: str) -> tuple[str, int]:
    """Version id and bytes of what lies at `key` now."""
    found = client("s3").get_object(Bucket=bucket, Key=key)
    found["Body"].close()
    return str(found["VersionId"]), int(found["ContentLength"])


def size_of(bucket: str, key: str) -> int | None:
    """Bytes of what lies at `key` now; None when nothing does. It is listed: who may ask for an object's head may
    read the object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    # In order of keys, so that the key itself is the first of those that begin with it.
    listed = client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return next((int(found["Size"]) for found in listed if found["Key"] == key), None)


class ForeignCopyError(TuningError):
    """Where a prepared copy is to be there is no object, or one with other bytes than its name says."""


def put_once(bucket: str, key: str, body: IO[bytes], *, sha256: str) -> str:
    """Write what nobody may change, under the hash of its content (hex): S3 compares the hash with the
    bytes, and what is there already is compared with it too. Raises ForeignCopyError when it differs.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
    """
    s3, checksum = client("s3"), b64encode(bytes.fromhex(sha256)).decode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", ChecksumSHA256=checksum)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        there = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        if there.get("ChecksumSHA256") != checksum:
            raise ForeignCopyError(
                f"s3://{bucket}/{key}: does not hold what its name says, so nothing is trained on it; "
                "find out in CloudTrail who wrote it, delete that version, and upload the dataset again"
            ) from None
    return f"s3://{bucket}/{key}"


def object_content(uri: str) -> bytes:
    """All of what lies at `s3://bucket/key` now."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with closing(client("s3").get_object(Bucket=bucket, Key=key)["Body"]) as body:
        found: bytes = body.read()
    return found


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
