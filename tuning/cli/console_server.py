"""The server of `tuning console`: one page and two addresses behind a token, for this machine's own browser.

What it keeps out, and how, is docs/decisions/0048: other pages in the same browser, by Origin, Host and content type;
other users of the machine, by the token; everybody else, by the address that it listens at.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tuning.cli.console_page import console_page
from tuning.cli.console_session import ConsoleSession, NoQuestionError

ADDRESS = "127.0.0.1"
_TOKEN_BYTES = 32
_LONGEST_BODY = 120_000
"""Bytes: the longest question, each character of it spelled out in JSON as two surrogates."""
_PATIENCE_SECONDS = 20
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


class ConsoleServer(ThreadingHTTPServer):
    """Listens when it is made; closed by the `with` statement."""

    daemon_threads = True
    """A question that is under way does not keep the command from ending."""
    allow_reuse_address = False
    """A port that another program still has is not shared with it."""

    def __init__(self, session: ConsoleSession, port: int) -> None:
        self.session, self.page = session, console_page()
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        super().__init__((ADDRESS, port), _Handler)

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        return f"{ADDRESS}:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/{self._token}/"

    def part(self, path: str) -> str | None:
        """What follows the token; None without it, in the same time wherever it differs."""
        token, slash, part = path.removeprefix("/").partition("/")
        known = hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        return part if known and slash else None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no fault of this program's."""
        import sys  # noqa: PLC0415 — for this alone

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: ConsoleServer
    server_version, sys_version = "tuning-console", ""
    timeout = _PATIENCE_SECONDS

    def do_GET(self) -> None:
        if not self._ours():
            return
        match self.server.part(self.path):
            case "":
                page = self.server.page
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", page.html, page.policy)
            case "state":
                self._say(HTTPStatus.OK, self.server.session.state())
            case _:
                self._not_found()

    def do_POST(self) -> None:
        if not self._ours() or not self._of_our_page():
            return
        if self.server.part(self.path) != "questions":
            self._not_found()
            return
        body = self._body()
        if body is None:
            return
        try:
            self._say(HTTPStatus.OK, self.server.session.answer(body))
        except NoQuestionError as error:
            self._say(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _ours(self) -> bool:
        """A name that resolves to this machine is not this address: DNS may say today what it did not say yesterday."""
        if self.headers.get_all("Host") == [self.server.host]:
            return True
        self._say(HTTPStatus.MISDIRECTED_REQUEST, {"error": "This is not the console's address."})
        return False

    def _of_our_page(self) -> bool:
        """Browsers name the origin of every POST; another page's is refused, and so is a form's content type.
        https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
        """
        sent = self.headers
        site = sent.get("Sec-Fetch-Site", "same-origin")
        fits = sent.get_all("Origin") == [self.server.origin] and site == "same-origin"
        if not fits:
            self._say(HTTPStatus.FORBIDDEN, {"error": "Only the console's own page may ask."})
        elif sent.get("Content-Type") != "application/json":
            self._say(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "A question must be JSON."})
        return fits and sent.get("Content-Type") == "application/json"

    def _body(self) -> object:
        """Decoded; None when it was refused."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._say(HTTPStatus.LENGTH_REQUIRED, {"error": "A request must state its length."})
        elif len(length) > len(str(_LONGEST_BODY)) or int(length) > _LONGEST_BODY:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "The question is too long."})
        else:
            try:
                found = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                found = None
            if found is not None:
                return found
            self._say(HTTPStatus.BAD_REQUEST, {"error": "A question must be JSON."})
        return None

    def _not_found(self) -> None:
        self._say(HTTPStatus.NOT_FOUND, {"error": "Not found."})

    def _say(self, status: HTTPStatus, said: Mapping[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(said).encode(), _NOTHING)

    def _send(self, status: int, kind: str, content: bytes, policy: str) -> None:
        self.send_response(status)
        named = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in {**_HEADERS, **named, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library itself refuses, without its HTML."""
        del explain
        said = {"error": message or "The request is not understood."}
        self._send(code, "application/json", json.dumps(said).encode(), _NOTHING)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Nothing: the path has the token in it, and questions are nobody else's."""
