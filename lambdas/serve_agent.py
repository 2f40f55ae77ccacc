"""The program of an agent: AgentCore Runtime's HTTP contract, `POST /invocations` and `GET /ping` on port 8080.

On a laptop it is the same program, on an address that AGENT_ADDRESS or its argument says: a host and a port, or the path
of a socket, which no page in a browser and no other user can reach.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-http-protocol-contract.html
"""

import json
import os
import socket
import sys
import threading
import time
import traceback
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from lambdas.observe import logger
from tuning.assistants.agent import Agent
from tuning.assistants.agent_records import AgentQuestion
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.assistant_settings import AgentSettings
from tuning.assistants.question import UnreadableQuestionError
from tuning.assistants.token_price import TokenPrice
from tuning.aws.agent_calls import GuardedToolModel
from tuning.aws.agent_documents import AgentDocuments
from tuning.aws.assistant_calls import AssistantGuard
from tuning.aws.guarding import DeployedGuardrail
from tuning.aws.tool_functions import FunctionTools

AGENT_FILES = Path(__file__).parents[1] / "assistants"
SESSION = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
_EVERYWHERE = "0.0.0.0:8080"
"""The contract's own: what comes in is let in by the service."""
_OK, _REFUSED, _NOT_THERE, _FAILED = 200, 400, 404, 500
_LARGEST = 1_000_000
"""Bytes of a request: a system prompt, passages and a question are a tenth of it."""
_SECONDS = 30
"""That a connection may say nothing."""


@cache
def deployed_agent() -> Agent:
    settings = AgentSettings.from_env()
    guardrail = DeployedGuardrail(arn=settings.guardrail_arn, version=settings.guardrail_version)
    assistant = load_assistant(AGENT_FILES / f"{settings.assistant}.toml")
    return Agent(
        assistant=assistant,
        price=TokenPrice.from_text(settings.token_price),
        guard=AssistantGuard(guardrail=guardrail),
        model=GuardedToolModel(guardrail=guardrail),
        runner=FunctionTools(),
        finder=_documents(assistant, settings),
    )


def _documents(assistant: Assistant, settings: AgentSettings) -> AgentDocuments | None:
    if assistant.knowledge_base is None:
        return None
    return AgentDocuments(
        knowledge_base=settings.knowledge_base,
        assistant=assistant.name,
        passages=assistant.knowledge_base.passages,
    )


class AgentServer(ThreadingHTTPServer):
    """How many questions it is at, and since when that is so, is what a ping asks."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        host, colon, port = address.rpartition(":")
        self.address_family = socket.AF_INET if colon else socket.AF_UNIX
        # typeshed knows no path for an address.
        super().__init__((host, int(port)) if colon else address, _AgentRequest)  # type: ignore[arg-type]
        self._lock, self._busy, self._since = threading.Lock(), 0, int(time.time())

    def server_bind(self) -> None:
        """Without looking up the host's name, which HTTPServer does."""
        TCPServer.server_bind(self)

    def change(self, by: int) -> None:
        with self._lock:
            was, self._busy = self._busy, self._busy + by
            if bool(was) != bool(self._busy):
                self._since = int(time.time())

    def handle_error(self, _request: Any, _address: Any) -> None:
        """Python's own would write messages of errors."""
        kind = type(sys.exc_info()[1]).__name__
        logger.warning("connection ended", kind=kind)

    def health(self) -> dict[str, Any]:
        with self._lock:
            status = "HealthyBusy" if self._busy else "Healthy"
            return {"status": status, "time_of_last_update": self._since}


class _AgentRequest(BaseHTTPRequestHandler):
    server: AgentServer
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS

    def do_GET(self) -> None:
        if self.path != "/ping":
            self._send(_NOT_THERE, {"error": "there is GET /ping and POST /invocations"})
        else:
            self._send(_OK, self.server.health())

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path != "/invocations":
            self._send(_NOT_THERE, {"error": "there is GET /ping and POST /invocations"})
            return
        session = self.headers.get(SESSION, "")
        self.server.change(1)
        try:
            status, said = invoked(body, session)
        except Exception as error:
            # Without its message and its frames' values: they may repeat what somebody asked.
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{at.name}:{at.lineno}"
            logger.error("question failed", session=session, kind=type(error).__name__, at=where)
            self._send(_FAILED, {"error": type(error).__name__})
            raise
        finally:
            self.server.change(-1)
        self._send(status, said)

    def _body(self) -> bytes | None:
        """None of what is refused unread."""
        said = self.headers.get("Content-Length", "")
        if not said.isdigit() or int(said) > _LARGEST:
            self.close_connection = True
            self._send(_REFUSED, {"error": f"Content-Length: must be 0 to {_LARGEST}"})
            return None
        return self.rfile.read(int(said))

    def _send(self, status: int, said: dict[str, Any]) -> None:
        text = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_said: Any) -> None:
        """A request's first line says nothing that `invoked` does not log."""


def invoked(body: bytes, session: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of one question. What is logged has no text of anybody."""
    try:
        asked = AgentQuestion.of(_parsed(body))
    except UnreadableQuestionError as error:
        logger.info("question not read", session=session)
        return _REFUSED, {"error": str(error)}
    answer = deployed_agent().answer(asked)
    calls = [f"{each.tool}: {each.outcome}" for each in answer.calls]
    logger.info(
        "agent answered",
        session=session,
        end=answer.end,
        rounds=answer.rounds,
        calls=calls,
        passages=len(answer.passages),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
    )
    return _OK, answer.to_json()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def run_agent(address: str | None = None) -> None:
    with AgentServer(address or os.environ.get("AGENT_ADDRESS", _EVERYWHERE)) as server:
        server.serve_forever()


if __name__ == "__main__":
    run_agent(*sys.argv[1:])
