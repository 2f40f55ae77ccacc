"""S3 in memory, as far as a model is read and written there: versions, ranges, and the rules of multipart uploads.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import hashlib
import io
from base64 import b64decode, b64encode
from itertools import count
from types import SimpleNamespace

from botocore.exceptions import ClientError
from botocore.response import StreamingBody


def refused(code, status=400):
    answer = {"Error": {"Code": code, "Message": code}}
    return ClientError({**answer, "ResponseMetadata": {"HTTPStatusCode": status}}, "S3")


def checksum(body):
    return b64encode(hashlib.sha256(body).digest()).decode()


class FakeParts:
    def __init__(self, least=1, page=2):
        self.least, self.page = least, page
        self.versions, self.uploads, self.checksums = {}, {}, {}
        self.breaks = []
        """For each of the next reads: how many bytes arrive before the connection breaks; None: all."""
        self.ranges, self.sent = [], []
        self.number = count(1)

    def lay(self, bucket, key, body):
        version = f"v{next(self.number)}"
        self.versions.setdefault((bucket, key), {})[version] = bytes(body)
        return version

    def get_object(self, *, Bucket, Key, VersionId, Range):  # noqa: N803 — AWS's names
        if VersionId not in self.versions.get((Bucket, Key), {}):
            raise refused("NoSuchVersion", 404)
        first, last = (int(at) for at in Range.removeprefix("bytes=").split("-"))
        body = self.versions[Bucket, Key][VersionId][first : last + 1]
        self.ranges.append((Key, first, last + 1))
        arrived = self.breaks.pop(0) if self.breaks else None
        return {"Body": StreamingBody(io.BytesIO(body[:arrived]), len(body))}

    def head_object(self, *, Bucket, Key, ChecksumMode):  # noqa: N803 — AWS's names
        assert ChecksumMode == "ENABLED"
        if not self.versions.get((Bucket, Key)):
            raise refused("404", 404)
        version = list(self.versions[Bucket, Key])[-1]
        return {"VersionId": version, "ChecksumSHA256": self.checksums.get((Bucket, Key), "")}

    def create_multipart_upload(self, *, Bucket, Key, ChecksumAlgorithm):  # noqa: N803 — AWS's names
        assert ChecksumAlgorithm == "SHA256"
        upload = f"u{next(self.number)}"
        self.uploads[Bucket, Key, upload] = {}
        return {"UploadId": upload}

    def upload_part(self, *, Bucket, Key, UploadId, PartNumber, Body, ChecksumSHA256):  # noqa: N803 — AWS's names
        parts = self._upload(Bucket, Key, UploadId)
        assert 1 <= PartNumber <= 10_000
        if checksum(Body) != ChecksumSHA256:
            raise refused("BadDigest")
        # Where a key encrypts, the same bytes have another ETag each time.
        made = {
            "PartNumber": PartNumber,
            "Size": len(Body),
            "ETag": f'"{next(self.number)}"',
            "ChecksumSHA256": ChecksumSHA256,
        }
        parts[PartNumber] = (made, bytes(Body))
        self.sent.append(PartNumber)
        return {"ETag": made["ETag"]}

    def get_paginator(self, operation):
        pages = {"list_parts": self._parts, "list_object_versions": self._listed}
        return SimpleNamespace(paginate=pages[operation])

    def _parts(self, *, Bucket, Key, UploadId):  # noqa: N803 — AWS's names
        parts = [made for _, (made, _) in sorted(self._upload(Bucket, Key, UploadId).items())]
        for first in range(0, len(parts), self.page):
            yield {"Parts": parts[first : first + self.page]}
        yield {}

    def _listed(self, *, Bucket, Prefix):  # noqa: N803 — AWS's names
        for (bucket, key), versions in sorted(self.versions.items()):
            if bucket != Bucket or not key.startswith(Prefix):
                continue
            for number, (version, body) in enumerate(reversed(versions.items())):
                entry = {"Key": key, "VersionId": version, "Size": len(body or b"")}
                latest = {**entry, "IsLatest": number == 0}
                yield {"Versions": [latest]} if body is not None else {"DeleteMarkers": [latest]}

    def complete_multipart_upload(self, *, Bucket, Key, UploadId, MultipartUpload):  # noqa: N803 — AWS's names
        held, given = self._upload(Bucket, Key, UploadId), MultipartUpload["Parts"]
        numbers = [part["PartNumber"] for part in given]
        if numbers != sorted(set(numbers)):
            raise refused("InvalidPartOrder")
        for part in given:
            made = held.get(part["PartNumber"], ({}, b""))[0]
            if any(made.get(name) != part[name] for name in ("ETag", "ChecksumSHA256")):
                raise refused("InvalidPart")
        if any(held[number][0]["Size"] < self.least for number in numbers[:-1]):
            raise refused("EntityTooSmall")
        version = self.lay(Bucket, Key, b"".join(held[number][1] for number in numbers))
        sums = b"".join(b64decode(part["ChecksumSHA256"]) for part in given)
        self.checksums[Bucket, Key] = f"{checksum(sums)}-{len(numbers)}"
        del self.uploads[Bucket, Key, UploadId]
        return {"VersionId": version}

    def abort_multipart_upload(self, *, Bucket, Key, UploadId):  # noqa: N803 — AWS's names
        self._upload(Bucket, Key, UploadId)
        del self.uploads[Bucket, Key, UploadId]
        return {}

    def _upload(self, bucket, key, upload):
        if (bucket, key, upload) not in self.uploads:
            raise refused("NoSuchUpload", 404)
        return self.uploads[bucket, key, upload]
