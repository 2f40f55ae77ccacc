"""Lambda: the address of a function's code is known to the caller who asked for it, and serves for ten minutes.

MiniStack's can be guessed, is not served over TLS, and lies under its own endpoints, which take a token.
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
"""

import secrets
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import CODE, Response

_SECONDS = 600


def install(settings: EmulatorSettings, clock: Clock) -> None:
    issued: dict[str, tuple[str, float]] = {}

    def address(function: str) -> str:
        identifier = secrets.token_urlsafe(32)
        issued[identifier] = (function, clock.now() + _SECONDS)
        where = f"{get_account_id()}/{get_region()}/{identifier}"
        return f"{settings.endpoint}{CODE}{where}"

    lambda_svc._presigned_code_url = address
    lambda_svc.serve_function_code = _to_the_asker(lambda_svc.serve_function_code, issued, clock)


def _to_the_asker(
    serve: Callable[..., Response], issued: dict[str, tuple[str, float]], clock: Clock
) -> Callable[..., Response]:
    def serve_if_issued(identifier: str, **where: Any) -> Response:
        function, until = issued.get(identifier, ("", 0.0))
        if clock.now() >= until:
            return 403, {"Content-Type": "text/plain"}, b"Request has expired"
        return serve(function, **where)

    return serve_if_issued
