"""Builds the kernel, for this machine or another, with the C compiler that Zig's wheel brings.

`python -m tuning.datasets.kernel.build` puts it where the checker looks for it. The same source gives the
same bytes on every machine, so what was built once is kept, by the digest of source and flags.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tuning.datasets.kernel import SOURCE, SOURCES, library_name
from tuning.errors import KernelError

Machine = tuple[str, str]
"""System and processor, as `platform` calls them."""
TARGETS: dict[Machine, str] = {
    ("Linux", "x86_64"): "x86_64-linux-gnu.2.17",
    ("Linux", "aarch64"): "aarch64-linux-gnu.2.28",
    ("Darwin", "arm64"): "aarch64-macos",
    ("Darwin", "x86_64"): "x86_64-macos",
}
_FLAGS = ("-std=c11", "-O3", "-shared", "-fPIC", "-s", "-Wall", "-Wextra", "-Werror")
_BUILD = Path(__file__).parents[3] / "build"
BESIDE = SOURCE.parent
"""Where the checker looks for the library."""


def here() -> Machine:
    return platform.system(), platform.machine()


@cache
def source() -> str:
    """What differs between one source with its flags and another."""
    return hashlib.sha256(
        b"".join(path.read_bytes() for path in SOURCES) + repr((_FLAGS, TARGETS)).encode()
    ).hexdigest()[:16]


def built(machine: Machine) -> Path:
    """The library for a machine, built when it is not there."""
    if machine not in TARGETS:
        raise KernelError(f"the kernel is not built for {' '.join(machine)}: no such target")
    path = _BUILD / f"kernel-{source()}-{library_name(*machine)}"
    if not path.exists():
        _BUILD.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_BUILD) as folder:
            unfinished = Path(folder) / path.name
            _compile(TARGETS[machine], unfinished)
            unfinished.replace(path)
        for stale in _BUILD.glob(f"kernel-*-{library_name(*machine)}"):
            if stale != path:
                stale.unlink()
    return path


def _compile(target: str, path: Path) -> None:
    command = [
        # Absolute, because Python knows itself by the PATH that found it, and `cwd` is another folder.
        *(str(Path(sys.executable).absolute()), "-m", "ziglang", "cc", "-target", target, *_FLAGS),
        *(f'-DSOURCE="{source()}"', "-o", str(path), SOURCE.name),
    ]
    caches = {f"ZIG_{kind}_CACHE_DIR": str(_BUILD / "zig") for kind in ("GLOBAL", "LOCAL")}
    done = subprocess.run(  # noqa: S603 — our own words
        command,
        cwd=SOURCE.parent,  # so that no path of this machine gets into the library
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **caches},
    )
    if done.returncode:
        raise KernelError(f"the kernel could not be built for {target}: {done.stderr.strip()}")


def _run() -> None:
    """Put the library for this machine beside the source."""
    if here() not in TARGETS:
        return  # the checker does without, slowly
    beside = BESIDE / library_name(*here())
    unfinished = beside.with_suffix(".new")  # a process may be using the old one
    shutil.copyfile(built(here()), unfinished)
    unfinished.replace(beside)


if __name__ == "__main__":
    _run()
