"""Who is let in: programs of the developer's own, and nobody else.

The emulator runs whatever is deployed to it, as the developer. It listens on 127.0.0.1, which keeps
other machines out, but neither the pages in the developer's browser nor other users of the machine.
https://owasp.org/www-community/attacks/DNS_Rebinding

- A name that is not the loopback's is refused: a page can have its own name resolve to 127.0.0.1.
- A browser is refused, whichever page it is at: no SDK, CLI or CDK sends what a browser sends.
- The emulator's own endpoints take the token of `emulator.credentials`.
- Every other call must be signed by a key of this account.
- No answer carries a header that invites a page of another origin.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from emulator.credentials import TOKEN_HEADER
from emulator.emulator_settings import HOST

AsgiScope = dict[str, Any]
_Message = dict[str, Any]
Receive = Callable[[], Awaitable[_Message]]
Send = Callable[[_Message], Awaitable[None]]
Application = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Response = tuple[int, dict[str, str], bytes]

FORBIDDEN = 403
OF_A_BROWSER = ("origin", "referer", "sec-fetch-site")
"""Set by browsers, never by SDKs. https://www.w3.org/TR/fetch-metadata/"""
APIS = "/_aws/execute-api/"
"""Where MiniStack answers for APIs by their ids."""
BROWSER = "mozilla/"
"""How the User-Agent of every browser begins: an old one sends nothing else that shows it."""
CODE = "/_ministack/lambda-code/"
"""Where the code of a function is fetched: the address ends in a random id, given to who asked for it."""
PRESIGNED = (("PUT", "/_ministack/cfn-response/"), ("GET", CODE))
"""Beside that, where custom resources answer CloudFormation: the address ends in a random id that was given
to the function alone. On AWS, both are presigned.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-requests.html"""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """The application that is served, in front of the one that answers."""

    inside: Application
    ports: tuple[int, ...]
    control_token: str
    unsigned: Callable[[AsgiScope, bytes], Response | None]
    """The answer to a call that is not signed by a key of this account; None when it is."""
    unread: Callable[[str, dict[str, str]], Response | None]
    """The answer, by method and headers, to a call whose body is not worth reading."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.inside(scope, receive, send)
            return
        if scope["type"] == "websocket":  # before it is accepted: HTTP 403
            await send({"type": "websocket.close", "code": 1008})
            return
        if why := self._why_not(scope):
            await _answer(send, _refused(why))
            return
        headers = {
            name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]
        }
        if refusal := self.unread(scope["method"], headers):
            await _answer(send, refusal)
            return
        body = await _whole(receive)
        if body is None:
            return
        if not _is_control(scope) and (refusal := self.unsigned(scope, body)):
            await _answer(send, refusal)
            return
        await self.inside(scope, _again(body, receive), _uninviting(send))

    def _why_not(self, scope: AsgiScope) -> str | None:
        headers = [(name.decode("latin-1").lower(), value) for name, value in scope["headers"]]
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == "host"]
        if len(hosts) != 1 or hosts[0] not in self._names():
            return f"its Host is not {HOST}:{self.ports[0]}: {', '.join(hosts) or 'none'}"
        for name, value in headers:
            browser = name == "user-agent" and value.decode("latin-1").lower().startswith(BROWSER)
            if browser or name in OF_A_BROWSER:
                return f"it comes from a browser, for it has the header {name}"
        if _is_control(scope) and not _is_presigned(scope) and not self._has_token(headers):
            return f"{scope['path']} takes the header {TOKEN_HEADER}"
        return None

    def _names(self) -> set[str]:
        return {f"{name}:{port}" for name in (HOST, "localhost") for port in self.ports}

    def _has_token(self, headers: list[tuple[str, bytes]]) -> bool:
        given = [value for name, value in headers if name == TOKEN_HEADER.lower()]
        return len(given) == 1 and hmac.compare_digest(given[0], self.control_token.encode())


def _is_presigned(scope: AsgiScope) -> bool:
    return any(
        scope["method"] == method and scope["path"].startswith(path) for method, path in PRESIGNED
    )


def _is_control(scope: AsgiScope) -> bool:
    """MiniStack's own endpoints begin with an underscore, too; no bucket's name does. What is deployed behind an API is
    asked there by a path, as its name has no address here, and signed as any call.
    """
    return scope["path"].startswith("/_") and not scope["path"].startswith(APIS)


def _refused(why: str) -> Response:
    document = {"__type": "AccessDeniedException", "message": f"The emulator refuses this: {why}."}
    return FORBIDDEN, {"Content-Type": "application/json"}, json.dumps(document).encode()


async def _whole(receive: Receive) -> bytes | None:
    """The body; None when the caller has gone before it ended."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, as one message, and then whatever comes."""
    left = [body]

    async def receive_again() -> _Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return receive_again


def _uninviting(send: Send) -> Send:
    async def send_without(message: _Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": kept}
        await send(message)

    return send_without


async def _answer(send: Send, response: Response) -> None:
    status, headers, body = response
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    sent = [each for each in sent if each[0] != b"content-length"]
    sent.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
