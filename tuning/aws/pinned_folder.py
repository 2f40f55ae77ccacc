"""A folder of a model in S3, each of its files at the version that was pinned."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from errno import ENOENT

from botocore.exceptions import HTTPClientError, IncompleteReadError

from tuning.adapters.tensor_header import RangedSource
from tuning.aws.clients import client
from tuning.aws.s3_objects import PART_BYTES, read_range
from tuning.imports.import_run import PinnedFile

_READS = 4
"""Of one range, until a connection that breaks each time is given up."""


def pinned_files(bucket: str, folder: str) -> tuple[PinnedFile, ...]:
    """The newest versions of what lies under `folder` (`bases/llama/`) now, but for what was deleted, in order of
    names. Of what lies in a folder of it, the name has a `/`.
    """
    pages = client("s3").get_paginator("list_object_versions")
    found = [
        PinnedFile(
            name=each["Key"].removeprefix(folder),
            bucket=bucket,
            key=each["Key"],
            version_id=each["VersionId"],
            size=int(each["Size"]),
        )
        for page in pages.paginate(Bucket=bucket, Prefix=folder)
        for each in page.get("Versions", [])
        if each["IsLatest"]
        and not each["Key"].endswith("/")  # which the console makes for a folder
    ]
    return tuple(sorted(found, key=lambda each: each.name))


class PinnedFolder:
    """A `ModelFolder`. `uri` is `s3://bucket/folder/`."""

    def __init__(self, uri: str, files: Iterable[PinnedFile]) -> None:
        self.path = self.place = uri
        self._files = {each.name: each for each in sorted(files, key=lambda each: each.name)}

    @property
    def versions(self) -> Mapping[str, str]:
        return {name: each.version_id for name, each in self._files.items()}

    def files(self) -> Mapping[str, int]:
        return {name: each.size for name, each in self._files.items()}

    @contextmanager
    def source(self, name: str) -> Iterator[RangedSource]:
        """Raises FileNotFoundError when it was not pinned; its reads do when the version was deleted."""
        if name not in self._files:
            raise FileNotFoundError(ENOENT, "not among the pinned files", f"{self.path}{name}")
        yield _PinnedSource(self._files[name])

    def link_out(self, name: str) -> str | None:  # noqa: ARG002 — S3 knows no links
        return None


class _PinnedSource:
    """Ranges of one version; several threads may read at once."""

    def __init__(self, file: PinnedFile) -> None:
        self.name, self.size = file.name, file.size
        self._where = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes, in requests of a few megabytes each."""
        end = offset + length
        if offset < 0 or end > self.size:
            raise OSError(f"{self.name}: has {self.size} bytes, not those from {offset} to {end}")
        starts = range(offset, end, PART_BYTES)
        pieces = [self._range(start, min(start + PART_BYTES, end)) for start in starts]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _range(self, start: int, end: int) -> bytes:
        """A connection that breaks in the middle of an answer is not tried again by botocore.
        https://github.com/boto/boto3/issues/4111
        """
        for attempt in range(1, _READS + 1):
            try:
                return read_range(self._where, start, end)
            except (HTTPClientError, IncompleteReadError):
                if attempt == _READS:
                    raise
        raise AssertionError("the last attempt returns or raises")
