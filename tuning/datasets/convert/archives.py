"""What lies inside a compressed file, or inside a ZIP archive with one file in it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import IO, cast

from tuning.datasets.bounds import Pieces
from tuning.datasets.convert.conversion_refusals import unreadable
from tuning.datasets.unpacking import GZIP, gunzipped
from tuning.errors import MissingLibraryError

_ZIP = b"PK\x03\x04"
_OFFICE = (
    ("xl/workbook", "xlsx"),
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint presentation"),
    ("content.xml", "an OpenDocument file"),
)
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    stream: IO[bytes]
    how: str
    """In words, for the summary."""
    name: str
    """Of the content."""


def unpacked(head: bytes, stream: IO[bytes], name: str) -> Unpacked | None:
    """The content of a file whose first bytes say that it is compressed, else None.

    Raises OptionError when the library that it takes is not installed.
    """
    for magic, kind, word, opened in _PACKED:
        if head.startswith(magic):
            inner = name[: -len(kind)] if name.lower().endswith(kind) else name
            return Unpacked(stream=opened(stream), how=f"{word} unpacked", name=inner)
    return None


def zipped(head: bytes, stream: IO[bytes]) -> Unpacked | str | None:
    """The one file in a ZIP archive, or what office program wrote it; None when it is not an archive.

    Raises RecordRefusedError for an archive that is damaged or has several files.
    """
    if not head.startswith(_ZIP) or not stream.seekable():
        return None
    import zipfile  # noqa: PLC0415 — slow to import, and for archives only

    try:
        archive = zipfile.ZipFile(stream)
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        for begin, kind in _OFFICE:
            if any(name.startswith(begin) for name in names):
                stream.seek(0)
                return kind
        files = [name for name in names if not _hidden(name)]
        if len(files) == 1:
            inner = archive.open(files[0])
            strict = _strict(inner, zipfile.BadZipFile, NotImplementedError)
            return Unpacked(stream=strict, how="ZIP unpacked", name=files[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable(
            f"the ZIP archive cannot be read: {str(error)[:100]}",
            "Make it again without a password, or fetch it again.",
        ) from None
    some = f", such as {', '.join(files[:_NAMED])[:120]}" if files else ""
    raise unreadable(
        f"the ZIP archive has {len(files)} files{some}", "Unpack it, and convert the one you mean."
    )


def _hidden(name: str) -> bool:
    """What macOS and others put beside the files."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _bzip2(stream: IO[bytes]) -> IO[bytes]:
    import bz2  # noqa: PLC0415 — for archives only

    return _strict(cast("IO[bytes]", bz2.BZ2File(stream)))


def _xz(stream: IO[bytes]) -> IO[bytes]:
    import lzma  # noqa: PLC0415 — for archives only

    return _strict(cast("IO[bytes]", lzma.LZMAFile(stream)), lzma.LZMAError)


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    # Python 3.14 has it; the package is the same code for older ones.
    for module in ("compression.zstd", "backports.zstd"):
        try:
            zstd = import_module(module)
        except ImportError:
            continue
        return _strict(zstd.ZstdFile(stream), zstd.ZstdError)
    raise MissingLibraryError("reading Zstandard", "backports.zstd", "zstd")


class _Strict(Pieces):
    """Reads what a decompressor gives. Whatever damage it reports is raised as EOFError."""

    def __init__(self, inner: IO[bytes], *damage: type[Exception]) -> None:
        self._inner = inner
        self._damage = damage

    def piece(self, size: int) -> bytes:
        try:
            return self._inner.read(size)
        except self._damage as error:
            raise EOFError(str(error)) from None
        except OSError as error:
            if error.errno is None:  # bz2 says so that the data are broken; the disk has a number
                raise EOFError(str(error)) from None
            raise


def _strict(inner: IO[bytes], *damage: type[Exception]) -> IO[bytes]:
    return io.BufferedReader(_Strict(inner, *damage))


_PACKED: tuple[tuple[bytes, str, str, Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (GZIP, ".gz", "gzip", gunzipped),
    (b"BZh", ".bz2", "bzip2", _bzip2),
    (b"\xfd7zXZ", ".xz", "xz", _xz),
    (b"\x28\xb5\x2f\xfd", ".zst", "Zstandard", _zstd),
)
