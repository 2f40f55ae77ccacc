"""Lambda: temporary storage has an end, and the settings of a function have a range.

512 MB unless more is set. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

There is no file system of a function's own here. What its Python process may write to one file is limited by
the kernel, and by what its temporary folder still has room for, which is looked at twenty times a second
while it is at work. A write beyond fails with EFBIG, where AWS says ENOSPC. What a function writes to /tmp by that name is the
machine's.
"""

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.extensions import provisioning

VARIABLE = "EMULATOR_TMP_BYTES"
MEBIBYTE = 1024**2
_DEFAULT = 512
"""MB of temporary storage."""
RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}
_STORAGE = (512, 10_240)

BOOTSTRAP = f"""
import os as _os, resource as _resource, sys as _sys, threading as _threading

def _limit_disk():
    room = int(_os.environ.pop("{VARIABLE}"))
    folder = _os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "tmp")
    _os.makedirs(folder, exist_ok=True)
    _os.environ["TMPDIR"] = folder
    most = _resource.getrlimit(_resource.RLIMIT_FSIZE)[1]

    def sizes():
        for place, _, names in _os.walk(folder):
            for name in names:
                try:
                    yield _os.lstat(_os.path.join(place, name)).st_size
                except FileNotFoundError:
                    pass  # it has been removed since

    def look():
        found = [0, *sizes()]
        left = room - sum(found)
        _resource.setrlimit(_resource.RLIMIT_FSIZE, (left + max(found) if left > 0 else 0, most))

    busy = _threading.Event()

    def watch():  # hundreds of processes that wait for an event would take a core among them
        pause = _threading.Event()
        while busy.wait():
            look()
            pause.wait(0.05)

    class Events:
        def readline(self, events=_sys.stdin):
            busy.clear()
            line = events.readline()
            look()
            busy.set()
            return line

    look()
    _sys.stdin = Events()
    _threading.Thread(target=watch, daemon=True).start()

_limit_disk()
"""


def install() -> None:
    lambda_runtime._PYTHON_WORKER_SCRIPT = BOOTSTRAP + lambda_runtime._PYTHON_WORKER_SCRIPT
    credentials = lambda_runtime.execution_credentials

    def within_quota(config: dict[str, Any]) -> dict[str, str]:
        size = int((config.get("EphemeralStorage") or {}).get("Size", _DEFAULT))
        return {**credentials(config), VARIABLE: str(size * MEBIBYTE)}

    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = within_quota
    provisioning.before("AWS::Lambda::Function", _check)


def _check(properties: provisioning.Properties) -> None:
    """MiniStack's API refuses these, its CloudFormation does not. Raises ValueError."""
    for name, (least, most) in RANGES.items():
        _check_range(name, properties.get(name), least, most)
    storage = properties.get("EphemeralStorage") or {}
    _check_range("EphemeralStorage.Size", storage.get("Size"), *_STORAGE)


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    if value is not None and not least <= int(value) <= most:
        raise ValueError(f"Value '{value}' at '{name}' must be between {least} and {most}")
