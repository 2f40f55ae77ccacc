"""`make demo`, killed half-way, leaves nothing running."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import stages
from patience import until

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(sys.platform != "linux", reason="looks for survivors in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_killed_demo(number):
    """The shell stands for `make`: it is the one that is killed, and sends its child nothing."""
    quotas = " --new-account" if stages.new_account() else ""
    shell = subprocess.Popen(  # noqa: S603 — our own words
        ["/bin/sh", "-c", f"{sys.executable} -m demo{quotas}; true"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    sessions = {shell.pid}
    try:
        until(lambda: "bin/cdk" in _running(sessions), "the CDK to be at work")
        assert len(sessions) == 2, "the emulator leads a session of its own"
        if number == signal.SIGINT:  # a terminal's Ctrl-C goes to all
            os.killpg(shell.pid, number)
        else:
            shell.send_signal(number)
        shell.wait(timeout=10)
        until(lambda: not _running(sessions), "all of it to end")
    finally:
        for session in sessions:
            with suppress(ProcessLookupError):
                os.killpg(session, signal.SIGKILL)


def _running(sessions):
    """Command lines of all processes of these sessions; an emulator that one of them has started is
    added, known by the folder that bears the pid of its starter.
    """
    found = ""
    for process in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
        try:
            session = os.getsid(process)
            line = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ProcessLookupError):
            continue  # it ended while we looked
        starter = re.search(r"emulator\.server \S*/run-(\d+)-", line)
        if starter and _session(int(starter[1])) in sessions:
            sessions.add(session)
        if session in sessions and line:
            found += line + "\n"
    return found


def _session(process):
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return None
