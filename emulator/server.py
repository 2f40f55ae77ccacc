"""The emulator's process: MiniStack with the extensions, on the socket its launcher bound.

Runs in the emulator's own environment, started by `emulator.instance`:
`python -m emulator.server DIRECTORY LOCK_FD LIFELINE_FD SOCKET_FD [PLAIN_SOCKET_FD]`; the lifeline
is -1 for a server that nobody watches.
"""

import asyncio
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from emulator.credentials import Credentials
from emulator.emulator_settings import CERTIFICATE, EmulatorSettings

UNWATCHED = -1
_LEAVING = threading.Lock()


def serve(directory: Path, lock: int, lifeline: int, listeners: list[int]) -> None:
    os.umask(0o077)  # what functions and their code leave on disk is nobody else's to read
    watched = [] if lifeline == UNWATCHED else [lifeline]
    for descriptor in (lock, *watched, *listeners):
        os.set_inheritable(descriptor, False)
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    scratch = directory / "tmp"
    signal.signal(signal.SIGTERM, lambda *_: exit_clean(scratch))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if watched:
        _watch(lifeline, directory)
    settings = EmulatorSettings.read(directory / "settings.json")
    # The application reads the environment when it is imported.
    from emulator.application import create_application  # noqa: PLC0415

    certificate = str(directory / CERTIFICATE) if settings.enforce else None
    application = create_application(settings, Credentials.read(directory))
    asyncio.run(_listen(application, listeners, certificate))


async def _listen(application: object, listeners: list[int], certificate: str | None) -> None:
    from hypercorn.asyncio import serve as hypercorn  # noqa: PLC0415 -- as above
    from hypercorn.config import Config  # noqa: PLC0415 -- as above

    config = Config()
    config.bind = [f"fd://{listeners[0]}"]
    config.insecure_bind = [f"fd://{each}" for each in listeners[1:]]
    config.certfile = config.keyfile = certificate
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    # A trigger of our own keeps hypercorn from taking SIGTERM over: it would wait for requests.
    await hypercorn(application, config, shutdown_trigger=asyncio.Event().wait)


def _watch(lifeline: int, directory: Path) -> None:
    """Leave when the launcher is gone: its end of the pipe closes however it ends.

    A fork of the launcher keeps a copy of that end open, so its pid is looked at too.
    """
    launcher = os.getppid()
    gone = threading.Event()

    def read() -> None:
        os.read(lifeline, 1)
        gone.set()

    def decide() -> None:
        while not gone.wait(1):
            if os.getppid() != launcher:
                break
        exit_clean(directory)

    for task in (read, decide):
        threading.Thread(target=task, daemon=True).start()


def exit_clean(rubbish: Path) -> None:
    """End the functions, take their files away, and go with whatever is left of the group."""
    if _LEAVING.acquire(blocking=False):  # the signal comes back to this program too
        os.killpg(0, signal.SIGTERM)
        shutil.rmtree(rubbish, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    path, *descriptors = sys.argv[1:]
    lock_fd, lifeline_fd, *socket_fds = map(int, descriptors)
    serve(Path(path), lock_fd, lifeline_fd, socket_fds)
