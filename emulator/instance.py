"""Starting and stopping one emulator, so that nothing of it is ever left behind.

The launcher locks `server.pid`, binds the socket and hands both to the server: anyone who holds the
lock is running, and a pid is only ever signalled while the lock is held. The server leads a
process group that its functions belong to, and takes that group with it when it goes.
"""

import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from emulator import environment
from emulator.credentials import TOKEN_HEADER, Credentials
from emulator.emulator_settings import HOST, EmulatorSettings
from emulator.inherited import inherited
from emulator.start_errors import EmulatorError

START_SECONDS = 60
STOP_SECONDS = 10
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A running emulator."""

    settings: EmulatorSettings
    directory: Path
    pid: int

    @property
    def endpoint(self) -> str:
        return self.settings.endpoint

    def client_environment(self) -> dict[str, str]:
        """The variables that point the AWS CLI, an SDK or `cdk` at this emulator, as its root."""
        secret = Credentials.read(self.directory).secret_access_key
        return self.settings.client_environment() | {"AWS_SECRET_ACCESS_KEY": secret}

    def add_fault(self, **fault: Any) -> None:
        """Members as in `emulator.bedrock.faults.Fault`; `kind` is needed."""
        self.request("POST", "/_emulator/faults", fault)

    def clear_faults(self) -> None:
        self.request("DELETE", "/_emulator/faults")

    def advance_clock(self, seconds: float) -> None:
        """What lasts for some time by the emulator's clock is over so much sooner."""
        self.request("POST", "/_emulator/clock", {"seconds": seconds})

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call of the emulator's own control endpoint; returns the decoded answer."""
        connection = self._connection()
        try:
            token = Credentials.read(self.directory).control_token
            content = json.dumps(body) if body is not None else None
            connection.request(method, path, content, {TOKEN_HEADER: token})
            answer = connection.getresponse()
            document = json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as failure:
            raise EmulatorError(f"{self.endpoint}{path} does not answer: {failure}") from failure
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise EmulatorError(f"{method} {path}: {document.get('message', document)}")
        return document

    def recorded(self) -> list[dict[str, Any]]:
        """Who asked for which action on what, while policies are enforced: one entry each, with
        members as in `emulator.recording.Use`.
        """
        found: list[dict[str, Any]] = self.request("GET", "/_emulator/actions")
        return found

    def clear_recorded(self) -> None:
        self.request("DELETE", "/_emulator/actions")

    def _connection(self) -> http.client.HTTPConnection:
        if not self.settings.enforce:
            return http.client.HTTPConnection(HOST, self.settings.port, timeout=10)
        trust = ssl.create_default_context(cafile=self.settings.authority)
        return http.client.HTTPSConnection(HOST, self.settings.port, timeout=10, context=trust)


def default_directory() -> Path:
    return environment.HOME / "default"


def find(directory: Path) -> Instance | None:
    """The emulator that runs in this directory, if one does."""
    try:
        with (directory / "server.pid").open("r+", encoding="utf-8") as pid_file:
            while not _lock(pid_file):
                if text := pid_file.read():
                    settings = EmulatorSettings.read(directory / "settings.json")
                    return Instance(settings=settings, directory=directory, pid=int(text))
                time.sleep(_POLL_SECONDS)  # it holds the lock and has not written yet: it starts
                pid_file.seek(0)
    except FileNotFoundError:
        pass
    return None


@dataclass(frozen=True, kw_only=True)
class Launch:
    instance: Instance
    server: "subprocess.Popen[bytes]"
    lifeline: int
    """A watched emulator dies when the last copy of this descriptor is closed; -1 otherwise."""


def start(settings: EmulatorSettings, directory: Path, *, watched: bool = False) -> Launch:
    """Start an emulator and wait until it answers."""
    python = environment.interpreter()
    environment.make_private(directory)
    with (
        (directory / "server.pid").open("a+", encoding="utf-8") as pid_file,
        _listen(settings.port) as port,
        _listen(0) if settings.enforce else nullcontext() as plain,
    ):
        if not _lock(pid_file):
            raise EmulatorError(f"an emulator already runs in {directory.name}")
        pid_file.truncate(0)  # the server writes its own
        settings = replace(settings, port=port.getsockname()[1])
        if plain:
            settings = _secured(settings, directory, plain)
        settings.write(directory / "settings.json")
        credentials = Credentials.make(directory)
        reader, writer = os.pipe() if watched else (-1, -1)
        listeners = [each.fileno() for each in (port, plain) if each]
        variables = inherited(settings, credentials, directory / "tmp")
        server = _spawn(python, directory, [pid_file.fileno(), reader, *listeners], variables)
        if watched:
            os.close(reader)
    instance = Instance(settings=settings, directory=directory, pid=server.pid)
    try:
        _wait_until_ready(instance, server)
    except BaseException:
        stop(instance)
        server.wait()
        if watched:
            os.close(writer)
        raise
    return Launch(instance=instance, server=server, lifeline=writer)


def stop(instance: Instance) -> None:
    """End the emulator and everything it started, and remove what it left on disk."""
    with (instance.directory / "server.pid").open("r+", encoding="utf-8") as pid_file:
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + STOP_SECONDS
            while not _lock(pid_file):
                if time.monotonic() > deadline:
                    break
                with suppress(ProcessLookupError):
                    os.killpg(instance.pid, number)
                time.sleep(_POLL_SECONDS)
            else:
                shutil.rmtree(instance.directory / "tmp", ignore_errors=True)
                pid_file.truncate(0)
                return
    raise EmulatorError(f"process group {instance.pid} does not end; end it by hand")


@contextmanager
def running(
    *, port: int = 0, phase_seconds: float = 0.2, role_seconds: float = 0, **settings: Any
) -> Iterator[Instance]:
    """An emulator for the length of a `with` block, on a free port unless one is named; `settings` are
    members of `Settings`. A new role is known at once unless `role_seconds` says otherwise, for tests
    of something else.

    It is gone afterwards whatever happens: it watches a pipe that only this program holds, so it
    also goes when this program is killed.
    """
    chosen = EmulatorSettings(
        port=port, phase_seconds=phase_seconds, role_seconds=role_seconds, **settings
    )
    directory = environment.HOME / f"run-{os.getpid()}-{secrets.token_hex(3)}"
    try:
        launch = start(chosen, directory, watched=True)
        try:
            yield launch.instance
        finally:
            stop(launch.instance)
            launch.server.wait()
            os.close(launch.lifeline)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _spawn(
    python: Path, directory: Path, handed: list[int], variables: dict[str, str]
) -> "subprocess.Popen[bytes]":
    scratch = directory / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    with (directory / "server.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            [python, "-m", "emulator.server", str(directory), *map(str, handed)],
            cwd=environment.ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[each for each in handed if each >= 0],
            start_new_session=True,
        )


def _lock(pid_file: IO[str]) -> bool:
    try:
        fcntl.flock(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _secured(settings: EmulatorSettings, directory: Path, plain: socket.socket) -> EmulatorSettings:
    # The server's environment lacks what makes certificates, and imports this module too.
    from emulator.certificates import issue  # noqa: PLC0415

    authority = str(issue(directory))
    return replace(settings, authority=authority, plain_port=plain.getsockname()[1])


@contextmanager
def _listen(number: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            port.bind((HOST, number))
            port.listen()
        except OSError as failure:
            raise EmulatorError(
                f"{HOST}:{number} is taken by another program ({failure.strerror}); "
                "end it, or choose another with --port"
            ) from failure
        yield port


def _wait_until_ready(instance: Instance, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(EmulatorError):
            instance.request("GET", "/_emulator/health")
            return
        time.sleep(_POLL_SECONDS)
    log = (instance.directory / "server.log").read_text(encoding="utf-8", errors="replace")
    reason = "ended" if server.poll() is not None else f"did not answer in {START_SECONDS} s"
    raise EmulatorError(f"the emulator's server {reason}; its log ends:\n{log[-2000:]}")
