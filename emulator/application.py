"""The application the server serves: MiniStack, extended, with a control endpoint in front."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from ministack import app

from emulator import extensions
from emulator.bedrock.engine import Engine
from emulator.bedrock.injected_faults import Faults, InjectedFault
from emulator.clock import Clock
from emulator.credentials import Credentials
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Application, AsgiScope, Entrance, Receive, Send
from emulator.extensions.object_sizes import put_too_large
from emulator.extensions.signatures import Signatures
from emulator.recording import Recording

OK, BAD_REQUEST, NOT_FOUND = 200, 400, 404


def create_application(settings: EmulatorSettings, credentials: Credentials) -> Application:
    record, clock = Recording(), Clock()
    engine = extensions.install(settings, record, clock)
    controlled = Controlled(settings=settings, engine=engine, record=record, clock=clock)

    async def application(scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/_emulator/"):
            status, document = control(controlled, scope, await _body(receive))
            await _answer(send, status, document)
        else:
            await app.app(scope, receive, send)

    return Entrance(
        inside=application,
        ports=tuple(port for port in (settings.port, settings.plain_port) if port),
        control_token=credentials.control_token,
        unread=put_too_large,
        unsigned=Signatures(secret_access_key=credentials.secret_access_key).refusal,
    )


@dataclass(frozen=True, kw_only=True)
class Controlled:
    settings: EmulatorSettings
    engine: Engine
    record: Recording
    clock: Clock


def control(emulator: Controlled, scope: AsgiScope, body: bytes) -> tuple[int, Any]:
    """The emulator's own endpoint: how it is, the faults in force, the permissions used."""
    match scope["path"].removeprefix("/_emulator/"):
        case "health":
            return OK, {"status": "running", "settings": asdict(emulator.settings)}
        case "faults":
            return _faults(emulator.engine.faults, scope["method"], body)
        case "actions":
            if scope["method"] == "DELETE":
                emulator.record.clear()
            return OK, emulator.record.describe()
        case "clock":
            return _set_forward(emulator.clock, body)
        case _:
            return NOT_FOUND, {"message": f"the emulator has no {scope['method']} {scope['path']}"}


def _set_forward(clock: Clock, body: bytes) -> tuple[int, Any]:
    try:
        clock.advance(float(json.loads(body)["seconds"]) if body else 0)
    except (KeyError, TypeError, ValueError) as mistake:
        return BAD_REQUEST, {"message": str(mistake)}
    return OK, {"now": clock.now()}


def _faults(faults: Faults, method: str, body: bytes) -> tuple[int, Any]:
    try:
        if method == "POST":
            faults.add(InjectedFault(**json.loads(body)))
    except (TypeError, ValueError) as mistake:
        return BAD_REQUEST, {"message": str(mistake)}
    if method == "DELETE":
        faults.clear()
    return OK, faults.describe()


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
