"""A large object in S3, written in parts by several functions. Everything here may be done twice.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from botocore.exceptions import ClientError

from tuning.adapters.distributed_merge import PartResult
from tuning.aws.clients import client
from tuning.aws.unfinished_uploads import MultipartUpload
from tuning.errors import TuningError


class ForeignPartError(TuningError):
    """A part, or a whole object, is not what was written there."""


def begin_upload(bucket: str, key: str) -> MultipartUpload:
    """A new upload each time it is called: the caller records it, and a lifecycle rule aborts those that nobody
    recorded. S3 checks each part's SHA-256; the bucket's default encryption applies.
    """
    made = client("s3").create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256")
    return MultipartUpload(bucket=bucket, key=key, upload_id=str(made["UploadId"]))


def write_part(upload: MultipartUpload, number: int, body: bytes | bytearray) -> PartResult:
    """Overwrites the part of that number.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    digest = hashlib.sha256(body).digest()
    made = client("s3").upload_part(
        **upload.request(),
        PartNumber=number,
        Body=body,
        ChecksumSHA256=b64encode(digest).decode(),
    )
    return PartResult(number=number, size=len(body), sha256=digest.hex(), etag=str(made["ETag"]))


def complete_upload(upload: MultipartUpload, parts: Iterable[PartResult]) -> str:
    """The version id of the object. Complete already, by these very parts, is complete.

    What S3 holds decides, not the ETags that were noted: of a group that was merged twice, those of the last attempt
    may not be the last that were written, and where a key encrypts, the same bytes have another ETag each time.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    Raises ForeignPartError where what S3 has is not `parts`.
    """
    wanted = sorted(parts, key=lambda part: part.number)
    try:
        held = _held(upload)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchUpload":
            raise
        return _completed_before(upload, wanted)
    listed = [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in held]
    if listed != [(part.number, part.size, _checksum(part)) for part in wanted]:
        raise ForeignPartError(f"{upload.uri}: the parts in S3 are not those that were merged")
    complete = [
        {name: part[name] for name in ("PartNumber", "ETag", "ChecksumSHA256")} for part in held
    ]
    made = client("s3").complete_multipart_upload(
        **upload.request(), MultipartUpload={"Parts": complete}
    )
    return str(made["VersionId"])


def _held(upload: MultipartUpload) -> list[dict[str, Any]]:
    """In order of numbers, a thousand a page."""
    pages = client("s3").get_paginator("list_parts").paginate(**upload.request())
    return [part for page in pages for part in page.get("Parts", [])]


def _completed_before(upload: MultipartUpload, wanted: Sequence[PartResult]) -> str:
    """The checksum of such an object is that of its parts' checksums, and how many they are.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html#large-object-checksums
    """
    there = client("s3").head_object(Bucket=upload.bucket, Key=upload.key, ChecksumMode="ENABLED")
    digest = hashlib.sha256(b"".join(bytes.fromhex(part.sha256) for part in wanted)).digest()
    # `-3` behind it says of how many parts.
    found, _, _ = str(there.get("ChecksumSHA256", "")).partition("-")
    if b64decode(found) != digest:
        raise ForeignPartError(f"{upload.uri}: the upload is gone, and the object is another")
    return str(there["VersionId"])


def _checksum(part: PartResult) -> str:
    return b64encode(bytes.fromhex(part.sha256)).decode()


class PartSink:
    """A `Sink` that cuts what it is given into parts of fixed sizes, and sends one while it fills the next. A context
    manager: at its end the last part is sent, and `results` are whole; on an exception nothing more is sent.
    """

    def __init__(self, upload: MultipartUpload, first_part: int, sizes: Sequence[int]) -> None:
        self._upload, self._first, self._sizes = upload, first_part, list(sizes)
        self._filling = bytearray()
        self._sending: Future[PartResult] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="part")
        self.results: list[PartResult] = []
        self._given = 0
        """Parts that were given to the thread."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._wait()
                if self._filling or self._given < len(self._sizes):
                    raise ForeignPartError(f"{self._upload.uri}: the parts have other sizes")
        finally:
            self._pool.shutdown()

    def write(self, tensor: str | None, data: bytes) -> None:  # noqa: ARG002 — the sink's contract
        view = memoryview(data)
        while view:
            if self._given == len(self._sizes):
                raise ForeignPartError(f"{self._upload.uri}: more bytes than its parts have")
            room = self._sizes[self._given] - len(self._filling)
            self._filling += view[:room]
            view = view[room:]
            if len(self._filling) == self._sizes[self._given]:
                self._send()

    def _send(self) -> None:
        self._wait()
        number, body = self._first + self._given, self._filling
        self._sending = self._pool.submit(write_part, self._upload, number, body)
        self._filling = bytearray()
        self._given += 1

    def _wait(self) -> None:
        if self._sending:
            self.results.append(self._sending.result())
            self._sending = None
