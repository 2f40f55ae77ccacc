"""Files that appear whole or not at all, and text from data that cannot steer a terminal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from tuning.errors import OptionError
from tuning.reports.visible_text import printable

Shown = Literal["text", "json"]


class DraftFile:
    """An output being written beside its final place. Kept only when `keep` was called."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.kept = False

    def keep(self) -> None:
        self.kept = True


@contextmanager
def draft(path: Path, *, force: bool, inputs: list[Path]) -> Iterator[DraftFile]:
    """A draft of `path`, put in its place at the end if it was kept; else nothing is left.

    Raises OptionError when `path` is an input, or exists and `force` is not given.
    """
    free(path, force=force, inputs=inputs)
    import tempfile  # noqa: PLC0415 — a twentieth of the start of a small check, which writes no file

    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield (making := DraftFile(file))
            file.flush()
            os.fsync(file.fileno())
        if making.kept:
            made.chmod(0o666 & ~_umask())
            made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def free(path: Path, *, force: bool, inputs: list[Path]) -> None:
    """Raise OptionError when `path` must not be written."""
    if any(path.exists() and path.samefile(source) for source in inputs if source.exists()):
        raise OptionError(f"{path}: is the input; name another output with -o")
    if not path.parent.is_dir():
        raise OptionError(f"{path.parent}: no such folder; create it first")
    if path.exists() and not force:
        raise OptionError(f"{path}: already exists; overwrite it with --force, or name another")


def say(line: str) -> None:
    """A line for people, on standard error: standard output is for data."""
    print(printable(line), file=sys.stderr)  # noqa: T201 — the command line's own voice


def print_json(document: Any, *, indent: int | None = 1, ensure_ascii: bool = True) -> None:
    """What a command answers to a program: one document, on standard output."""
    print(json.dumps(document, indent=indent, ensure_ascii=ensure_ascii))  # noqa: T201 — output


def answer(shown: Shown, words: str, **facts: Any) -> None:
    """What a command did: a line for people, or one document for programs on standard output."""
    if shown == "json":
        print_json({**facts, "message": words}, indent=None)
    else:
        say(words)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
