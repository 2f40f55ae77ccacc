"""Lambda: a function's code is unpacked once, and is /var/task of all of its execution environments.

MiniStack unpacks it for each: a hundred uploads at once wrote ten gigabytes to disk. As on AWS it is there for
reading only: nothing prevents a write here, and all processes would see it.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import hashlib
import io
import os
import secrets
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

from emulator.extensions.patching import Theirs, patch

_MARK = secrets.token_hex().encode()
"""Begins the comment of an archive that says where its content lies; nobody else's begins so."""


def install() -> None:
    patch(lambda_runtime.Worker, "_spawn", _spawn_from_one_folder, UnpackedCode())
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=_ZipFile, BadZipFile=zipfile.BadZipFile)


class UnpackedCode:
    """Folders of code, one for each content, where temporary files of this server are."""

    def __init__(self) -> None:
        self._folders: dict[bytes, Path] = {}
        self._lock = threading.Lock()

    def folder(self, code: bytes) -> Path:
        with self._lock:
            key = hashlib.sha256(code).digest()
            if key not in self._folders:
                folder = Path(tempfile.mkdtemp(prefix="ministack-code-"))
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    archive.extractall(folder)
                self._folders[key] = folder
            return self._folders[key]


class _ZipFile(zipfile.ZipFile):
    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        if not self.comment.startswith(_MARK):
            super().extractall(path, members, pwd)
            return
        place = Path(path)
        place.rmdir()
        place.symlink_to(os.fsdecode(self.comment.removeprefix(_MARK)))


def _spawn_from_one_folder(spawn: Theirs[None], code: UnpackedCode, worker: Any) -> None:
    archive = worker.code_zip
    worker.code_zip = _says(code.folder(archive))
    try:
        spawn(worker)
    finally:
        worker.code_zip = archive


def _says(folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = _MARK + os.fsencode(folder)
    return file.getvalue()
