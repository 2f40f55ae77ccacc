"""Where a merge goes: into a new folder that appears whole or not at all, or against one to compare."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from tuning.adapters.model_folder import Content, content_pieces
from tuning.adapters.shard_merge import Sink


class Destination(Protocol):
    def weights(self, name: str) -> AbstractContextManager[Sink]:
        """A sink for one file of weights."""

    def beside(self, name: str, content: Content) -> None:
        """One file that is not weights: copied, or written."""


class _FileSink:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, tensor: str | None, data: bytes) -> None:  # noqa: ARG002 — the sink's contract
        self._file.write(data)


class NewFolder:
    """A folder under a temporary name beside its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def weights(self, name: str) -> Iterator[Sink]:
        with (self.folder / name).open("xb") as file:
            yield _FileSink(file)
            _to_disk(file)

    def beside(self, name: str, content: Content) -> None:
        with (self.folder / name).open("xb") as file:
            for piece in content_pieces(content):
                file.write(piece)
            _to_disk(file)


@contextmanager
def new_folder(place: Path, needed: int) -> Iterator[NewFolder]:
    """A folder for `needed` bytes that is put in its `place` at the end; on any exception nothing
    is left. Raises OSError: the disk is too small or full, or the place is taken.
    """
    free = shutil.disk_usage(place.parent).free
    if needed > free:
        words = f"{needed:,} bytes are needed, {free:,} are free"
        raise OSError(errno.ENOSPC, words, str(place.parent))
    made = Path(tempfile.mkdtemp(prefix=f".{place.name}.merging-", dir=place.parent))
    try:
        yield NewFolder(made)
        made.chmod(0o777 & ~_umask())
        if place.is_dir():
            place.rmdir()  # an empty one; another raises
        made.rename(place)
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Comparison:
    """A folder whose files are compared with what the merge makes again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self._seen: set[str] = set()

    @contextmanager
    def weights(self, name: str) -> Iterator[Sink]:
        self._seen.add(name)
        path = self.folder / name
        if not path.is_file():
            self.faults.append(f"{name} is missing")
            yield _Nothing()
            return
        with path.open("rb") as file:
            yield _ComparedSink(file, name, self.faults)
            if file.read(1):
                self.faults.append(f"{name} is longer than it should be")

    def beside(self, name: str, content: Content) -> None:
        self._seen.add(name)
        path = self.folder / name
        expected = b"".join(content_pieces(content))
        if not path.is_file():
            self.faults.append(f"{name} is missing")
        elif path.read_bytes() != expected:
            self.faults.append(f"{name} differs")

    def unexpected(self) -> list[str]:
        found = {p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*")}
        return [f"{name} does not belong here" for name in sorted(found - self._seen)]


class _Nothing:
    def write(self, tensor: str | None, data: bytes) -> None:
        """There is nothing to compare with; that the file is missing has been noted."""


class _ComparedSink:
    def __init__(self, file: IO[bytes], name: str, faults: list[str]) -> None:
        self._file = file
        self._name = name
        self._faults = faults

    def write(self, tensor: str | None, data: bytes) -> None:
        if self._file.read(len(data)) != data:
            where = f"{self._name}: {tensor or 'its header'} differs"
            if where not in self._faults:
                self._faults.append(where)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
