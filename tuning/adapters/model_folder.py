"""A folder of a model or an adapter, wherever it lies: on this machine, or as pinned versions in S3."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from tuning.adapters.local_source import PIECE, opened_source
from tuning.adapters.tensor_header import RangedSource


class ModelFolder(Protocol):
    @property
    def path(self) -> str:
        """As people gave it, for messages: `base/`, `s3://weights/bases/llama`."""

    @property
    def place(self) -> str:
        """Where it is, for the receipt: the whole path, or the URI."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each file by name, where files have versions; else empty."""

    def files(self) -> Mapping[str, int]:
        """Bytes by name, in order of names. Those of its subfolders have a `/` in their names."""

    def source(self, name: str) -> AbstractContextManager[RangedSource]:
        """One file, closed at the end. Raises OSError: it is not there."""

    def link_out(self, name: str) -> str | None:
        """Where a link of that name leads, when that is out of the folder."""


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine. Its files are listed once."""

    given: Path

    @property
    def path(self) -> str:
        return str(self.given)

    @property
    def place(self) -> str:
        return str(self.given.resolve())

    @property
    def versions(self) -> Mapping[str, str]:
        return {}

    def files(self) -> Mapping[str, int]:
        return self._listed

    def source(self, name: str) -> AbstractContextManager[RangedSource]:
        return opened_source(self.given / name)

    def link_out(self, name: str) -> str | None:
        """The cache of huggingface_hub links from snapshots/<revision>/ to blobs/ beside it."""
        path = self.given / name
        home, target = self.given.resolve(), path.resolve()
        hub = home.parent.name == "snapshots"
        allowed = [home, *([home.parents[1] / "blobs"] if hub else [])]
        inside = any(place in target.parents for place in allowed)
        return None if inside or not path.is_symlink() else str(target)

    @cached_property
    def _listed(self) -> Mapping[str, int]:
        found = [*self.given.glob("*"), *self.given.glob("*/*")]
        sizes = {
            p.relative_to(self.given).as_posix(): p.stat().st_size
            for p in found
            if os.path.isfile(p)  # noqa: PTH113 — false of what nobody may look at; Path.is_file raises
        }
        return dict(sorted(sizes.items()))


@dataclass(frozen=True)
class FileOf:
    """One file of a folder, to be copied."""

    folder: ModelFolder
    name: str

    def pieces(self) -> Iterator[bytes]:
        with self.folder.source(self.name) as source:
            for offset in range(0, source.size, PIECE):
                yield source.read(offset, min(PIECE, source.size - offset))


Content = FileOf | bytes
"""What a file of a result is: a copy, or what is written."""


def content_pieces(content: Content) -> Iterator[bytes]:
    return iter((content,)) if isinstance(content, bytes) else content.pieces()


def content_size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.folder.files()[content.name]


def content_sha256(content: Content) -> str:
    """In hexadecimal."""
    digest = hashlib.sha256()
    for piece in content_pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def folder_name(place: str) -> str:
    """`llama` of `/models/llama` and of `s3://weights/bases/llama/`."""
    return Path(place).name
