"""The application the server serves: MiniStack, extended, with a control endpoint in front."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app

from emulator import extensions
from emulator.settings import Settings

Application = Callable[[dict[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[None]]


def create(settings: Settings) -> Application:
    extensions.install()

    async def application(scope: dict[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/_emulator/"):
            await answer(send, 200, {"status": "running"})
        else:
            await app.app(scope, receive, send)

    return application


async def answer(send: Callable[..., Awaitable[Any]], status: int, document: Any) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})
