"""The processes of one function, killed while they are at work."""

import os
import signal
import threading
from pathlib import Path


def processes(server: int, function: str) -> set[int]:
    """Of the server's children, those that run the function whose name begins so."""
    children = (
        pid
        for thread in Path(f"/proc/{server}/task").glob("*/children")
        for pid in _read(thread).split()
    )
    named = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
    return {int(pid) for pid in children if named in _read(Path(f"/proc/{int(pid)}/environ"))}


def _read(of_a_process: Path) -> bytes:
    """What /proc has; nothing once the process, or the thread, is gone."""
    try:
        return of_a_process.read_bytes()
    except OSError:
        return b""


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def killing(server: int, function: str, over: threading.Event, wait: float, times: int) -> set[int]:
    """Kill every new process: it was made for an invocation. Each lives a little longer than the last."""
    killed: set[int] = set()
    while len(killed) < times and not over.wait(0.01):
        for pid in processes(server, function) - killed:
            over.wait(wait + 0.5 * len(killed))
            if kill(pid):
                killed.add(pid)
    return killed
