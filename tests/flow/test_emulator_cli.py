"""The emulator starts, says how it is, and is gone afterwards whatever happens."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from laid_tools import lay_function
from patience import until
from strict import Stage

import emulator
from emulator import environment, instance
from emulator.emulator_settings import NEW_ACCOUNT, EmulatorSettings
from emulator.start_errors import EmulatorError

ROOT = Path(emulator.__file__).resolve().parent.parent
PARENT = """
import sys, time
import emulator
with emulator.running() as running:
    print(running.pid, running.directory, flush=True)
    {ending}
"""


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """An emulator home of the test's own, with the environment that is there already."""
    python = environment.interpreter()
    monkeypatch.setattr(environment, "HOME", tmp_path)
    monkeypatch.setattr(environment, "interpreter", lambda: python)
    yield tmp_path
    with suppress(FileNotFoundError):
        if left := instance.find(tmp_path / "default"):
            instance.stop(left)


@pytest.fixture
def command(own_home):
    """`python -m emulator …` in that home: (exit code, output)."""
    program = (
        "import pathlib, sys; from emulator import environment\n"
        f"python = environment.interpreter(); environment.HOME = pathlib.Path({str(own_home)!r})\n"
        "environment.interpreter = lambda: python\n"
        "from emulator.__main__ import run_emulator; run_emulator()"
    )

    def call(*arguments):
        done = subprocess.run(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return call


def is_gone(pid):
    """Whether no process of that group is left (one that has ended and waits does not count)."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat="],  # noqa: S607 -- wherever the system has it
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = (line.split() for line in table.splitlines())
    return not any(group == str(pid) and not state.startswith("Z") for group, state in rows)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_up_status_down(command):
    assert command("status")[0] == 1
    code, said = command("up", "--port", "0", "--format", "json")
    assert code == 0, said
    described = json.loads(said)
    assert command("status")[0] == 0
    code, again = command("up", "--port", "0")
    assert code == 0
    assert f"already answers at {described['endpoint']}" in again
    assert f"export AWS_ENDPOINT_URL={described['endpoint']}" in again
    assert command("down")[0] == 0
    assert is_gone(described["pid"])
    assert command("down") == (0, "No emulator is running.\n")


def test_a_taken_port_is_named(own_home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"127.0.0.1:{port} is taken"):
            instance.start(EmulatorSettings(port=port), own_home / "default")
    assert instance.find(own_home / "default") is None


def test_a_stale_pid_file_is_not_believed(own_home):
    """The pid in it may be anyone's by now."""
    directory = own_home / "default"
    directory.mkdir()
    EmulatorSettings().write(directory / "settings.json")
    (directory / "server.pid").write_text(str(os.getpid()))
    assert instance.find(directory) is None


def test_nothing_listens_beyond_loopback():
    with emulator.running() as running:
        ports = set()
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if not Path(table).exists():
                pytest.skip("needs Linux's table of sockets")
            descriptors = Path(f"/proc/{running.pid}/fd").iterdir()
            inodes = {str(each.readlink()) for each in descriptors}
            for line in Path(table).read_text().splitlines()[1:]:
                local, state, inode = (line.split()[index] for index in (1, 3, 9))
                if state == "0A" and f"socket:[{inode}]" in inodes:
                    ports.add(local)
        assert ports == {f"0100007F:{running.settings.port:04X}"}


def test_a_with_block_leaves_nothing_behind():
    with emulator.running() as running:
        assert answers(running.settings.port)
    assert is_gone(running.pid)
    assert not running.directory.exists()


def test_an_exception_in_the_block_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), emulator.running() as running:
        _ = 1 / 0
    assert is_gone(running.pid)
    assert not running.directory.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_program_takes_its_emulator_with_it(number):
    code = PARENT.format(ending="time.sleep(600)")
    with subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            pid, directory = parent.stdout.readline().split()
            parent.send_signal(number)
            parent.wait(timeout=30)
        finally:
            parent.kill()
    until(lambda: is_gone(int(pid)), "the end of the process")
    until(lambda: not Path(directory).exists(), "the folder to go")


def test_a_fork_of_a_killed_program_does_not_keep_its_emulator():
    """It holds a copy of the pipe that the emulator watches."""
    ending = (
        "import os; child = os.fork(); print(child, flush=True) if child else None; time.sleep(600)"
    )
    with subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", PARENT.format(ending=ending)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        pid, _ = parent.stdout.readline().split()
        fork = int(parent.stdout.readline())
        parent.kill()
        parent.wait(timeout=30)
        try:
            until(lambda: is_gone(int(pid)), "the end of the process")
        finally:
            os.kill(fork, signal.SIGKILL)


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_functions_end_with_their_emulator(end):
    with emulator.running() as running:
        function = Stage(running).client("lambda")
        source = "import os\ndef pid(event, context): return os.getpid()"
        lay_function(function, "pid", source, Handler="index.pid")
        pid = json.load(function.invoke(FunctionName="pid")["Payload"])
        assert os.getpgid(pid) == running.pid
        if end == "killed":
            os.kill(running.pid, signal.SIGKILL)
            until(lambda: is_gone(running.pid), "the end of the emulator")
    assert is_gone(running.pid)


def test_up_with_auth_says_whom_to_trust(command):
    code, said = command("up", "--port", "0", "--auth", "--format", "json")
    assert code == 0, said
    reported = json.loads(said)
    assert reported["enforces_policies"] is True
    assert reported["environment"]["AWS_ENDPOINT_URL"].startswith("https://127.0.0.1:")
    authority = Path(reported["environment"]["AWS_CA_BUNDLE"]).read_text(encoding="utf-8")
    assert "PRIVATE KEY" not in authority
    assert command("status")[0] == 0


def test_up_takes_the_quotas_of_a_new_account(command):
    code, said = command("up", "--port", "0", "--new-account", "--format", "json")
    assert code == 0, said
    found = {name: json.loads(said)[name] for name in NEW_ACCOUNT}
    assert found == NEW_ACCOUNT == {"account_concurrency": 10, "model_units": 0}


def test_faults_are_set_listed_and_cleared(command):
    command("up", "--port", "0")
    code, said = command("fault", "fail", "--phase", "Validation", "--format", "json")
    assert (code, json.loads(said)[0]["phase"]) == (0, "Validation")
    assert command("fault", "--clear") == (0, "No faults are in force.\n")


def test_a_fault_needs_a_running_emulator(command):
    code, said = command("fault", "fail")
    assert code == 3
    assert "no emulator is running" in said
