"""AgentCore Runtime's sessions: for each a process of its own, of the program in the runtime's zip.

It listens on a socket in a folder of this server's, not on port 8080: a port would answer every page and every user
of this machine, and two programs cannot have the same. So a program must listen where AGENT_ADDRESS says.
"""

import hashlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from emulator.extensions.unpacked_code import UnpackedCode

SESSION_HEADER = "x-amzn-bedrock-agentcore-runtime-session-id"
"""The header that names one."""
_KEPT = 8
"""Sessions at a time; what is not at a question and was asked longest ago ends first. On AWS they end when they were
idle for as long as the runtime says, or were stopped."""
_STARTS_WITHIN = 30.0
"""Seconds. AWS: two minutes. https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-troubleshooting.html"""
_PAUSE = 0.02


class AgentProgramError(Exception):
    """The program did not start, or does not answer."""


@dataclass(frozen=True, kw_only=True)
class AgentProgram:
    code: bytes
    """A zip."""
    entry_point: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class _Session:
    process: subprocess.Popen[bytes]
    address: str
    busy: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class AgentProcesses:
    code: UnpackedCode = field(default_factory=UnpackedCode)
    _sessions: OrderedDict[tuple[str, str], _Session] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, of: tuple[str, str], program: AgentProgram, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str, bytes]:
        """Status, content type and body of `POST /invocations`. `of`: the runtime's version, and the session."""
        session = self._session(of, program)
        with session.busy, closing(_Connection(session.address)) as connection:
            try:
                connection.request("POST", "/invocations", body, dict(headers))
                answer = connection.getresponse()
                return answer.status, answer.headers.get_content_type(), answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise AgentProgramError(f"the program does not answer: {error}") from error

    def end(self, runtime: str) -> None:
        """All sessions of a runtime, of whichever version."""
        with self._lock:
            for of in self._sessions_of(runtime):
                _ended(self._sessions.pop(of))

    def stop(self, runtime: str, session: str) -> bool:
        """One session, also amid a question. False: there is none, or its program has ended."""
        with self._lock:
            found = [
                self._sessions.pop(of) for of in self._sessions_of(runtime) if of[1] == session
            ]
        running = [each for each in found if each.process.poll() is None]
        for each in running:
            _ended(each)
        return bool(running)

    def _sessions_of(self, runtime: str) -> list[tuple[str, str]]:
        return [each for each in self._sessions if each[0].startswith(f"{runtime}:")]

    def _session(self, of: tuple[str, str], program: AgentProgram) -> _Session:
        with self._lock:
            found = self._sessions.get(of)
            if found is None or found.process.poll() is not None:
                found = self._sessions[of] = self._started(program)
            self._sessions.move_to_end(of)
            idle = [each for each, one in self._sessions.items() if not one.busy.locked()]
            for each in idle[: max(0, len(self._sessions) - _KEPT)]:
                if each != of:
                    _ended(self._sessions.pop(each))
            return found

    def _started(self, program: AgentProgram) -> _Session:
        folder = self.code.folder(program.code)
        place = Path(tempfile.mkdtemp(prefix="agent-"))
        address, log = str(place / secrets.token_hex(4)), place / "log"
        command = [sys.executable, *program.entry_point]
        environment = {**program.environment, "AGENT_ADDRESS": address, "PATH": os.defpath}
        with log.open("wb") as written:
            process = subprocess.Popen(  # noqa: S603 — what is deployed is run, as functions are
                command, cwd=folder, env=environment, stdout=written, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + _STARTS_WITHIN
        while not _healthy(address):
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                why = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
                raise AgentProgramError(f"the program did not answer GET /ping: {why}")
            time.sleep(_PAUSE)
        return _Session(process, address)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("agent", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _healthy(address: str) -> bool:
    """https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-http-protocol-contract.html"""
    with suppress(OSError, http.client.HTTPException), closing(_Connection(address)) as connection:
        connection.request("GET", "/ping")
        answer = connection.getresponse()
        return answer.status == 200 and b"Healthy" in answer.read()  # noqa: PLR2004 — HTTP
    return False


def _ended(session: _Session) -> None:
    session.process.terminate()


def session_name(runtime: str) -> str:
    """Of the role's session: by it the call's VPC is known."""
    return f"agent-{hashlib.sha256(runtime.encode()).hexdigest()[:16]}"
