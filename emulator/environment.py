"""The emulator's own virtual environment.

MiniStack pins botocore to a version below the project's, so the two cannot share one. Emulated
functions run on this environment's interpreter, whatever `Runtime` they declare: it is made with
the interpreter that runs this module, and local bundles must be built for that one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.start_errors import EmulatorError

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".emulator"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def interpreter() -> Path:
    """The environment's Python, made or renewed first when its pins have changed."""
    environment = HOME / "venv"
    python = environment / "bin" / "python"
    stamp = environment / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    make_private(HOME)
    with _one_at_a_time(HOME / "venv.lock"):
        if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
            _build(environment, python)
            stamp.write_text(wanted, encoding="utf-8")
    return python


def make_private(directory: Path) -> None:
    """A folder that other users of this machine can neither list nor enter."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)  # one that an earlier version has made


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Two test runs may start an emulator at once; one builds, the other waits for it."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(environment: Path, python: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    beside = str(Path(sys.executable).parent)
    uv = shutil.which("uv", path=os.pathsep.join((beside, os.environ.get("PATH", os.defpath))))
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        venv.create(environment, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, "--only-binary", ":all:", "-r", str(REQUIREMENTS)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own fixed command line, no shell
    if done.returncode:
        raise EmulatorError(
            f"the emulator's environment could not be built ({' '.join(command[:3])} …):\n"
            f"{(done.stderr or done.stdout).strip()[-2000:]}\n"
            f"It needs a package index that has the pins of {REQUIREMENTS.name}."
        )
