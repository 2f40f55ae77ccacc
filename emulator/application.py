"""The application the server serves: MiniStack, extended, with a control endpoint in front."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from ministack import app

from emulator import extensions
from emulator.bedrock.engine import Engine
from emulator.bedrock.faults import Fault
from emulator.settings import Settings

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404


def create(settings: Settings) -> Application:
    engine = extensions.install(settings)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/_emulator/"):
            status, document = control(engine, settings, scope, await _body(receive))
            await _answer(send, status, document)
        else:
            await app.app(scope, receive, send)

    return application


def control(engine: Engine, settings: Settings, scope: Scope, body: bytes) -> tuple[int, Any]:
    """The emulator's own endpoint: how it is, and the faults in force."""
    match scope["method"], scope["path"].removeprefix("/_emulator/"):
        case "GET", "health":
            return OK, {"status": "running", "settings": asdict(settings)}
        case "GET", "faults":
            return OK, engine.faults.describe()
        case "POST", "faults":
            try:
                engine.faults.add(Fault(**json.loads(body)))
            except (TypeError, ValueError) as mistake:
                return BAD_REQUEST, {"message": str(mistake)}
            return OK, engine.faults.describe()
        case "DELETE", "faults":
            engine.faults.clear()
            return OK, []
        case _:
            return NOT_FOUND, {"message": f"the emulator has no {scope['method']} {scope['path']}"}


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def _answer(send: Send, status: int, document: Any) -> None:
    content = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
