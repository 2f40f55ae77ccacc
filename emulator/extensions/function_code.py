"""Lambda: the address of a function's code is known to the caller who asked for it, and serves for ten minutes.

MiniStack's can be guessed, is not served over TLS, and lies under its own endpoints, which take a token.
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
"""

import secrets
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import CODE, Response
from emulator.extensions.patching import Theirs, patch

_SECONDS = 600


def install(settings: EmulatorSettings, clock: Clock) -> None:
    issued: dict[str, tuple[str, float]] = {}

    def address(function: str) -> str:
        identifier = secrets.token_urlsafe(32)
        issued[identifier] = (function, clock.now() + _SECONDS)
        where = f"{get_account_id()}/{get_region()}/{identifier}"
        return f"{settings.endpoint}{CODE}{where}"

    lambda_svc._presigned_code_url = address
    patch(lambda_svc, "serve_function_code", _serve_if_issued, issued, clock)


def _serve_if_issued(
    serve: Theirs[Response],
    issued: dict[str, tuple[str, float]],
    clock: Clock,
    identifier: str,
    **where: Any,
) -> Response:
    function, until = issued.get(identifier, ("", 0.0))
    if clock.now() >= until:
        return 403, {"Content-Type": "text/plain"}, b"Request has expired"
    return serve(function, **where)
