"""How each kind of fault strikes a call."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError
from machine import Failed
from recipe_refusal_cases import refusal
from schedule import KINDS, OF_BEDROCK, Kind

if TYPE_CHECKING:
    from amazon import Amazon, Call, Invocation

_LONG_SECONDS = 20 * 60
_DISOWNED_SECONDS = 20
_OF_HANDLERS = frozenset(
    {"crash before", "crash after", "disowned before", "disowned after", "pause"}
)
_CODES = {
    "throttled": (
        {"s3": ("SlowDown", 503), "bedrock": ("ThrottlingException", 429)},
        ("ThrottlingException", 400),
    ),
    "internal error": ({"s3": ("InternalError", 500)}, ("InternalServerException", 500)),
    "denied": ({"s3": ("AccessDenied", 403)}, ("AccessDeniedException", 403)),
    "quota exceeded": ({}, ("ServiceQuotaExceededException", 400)),
    "conflict": ({}, ("ConflictException", 400)),
    "name in use": ({}, ("ValidationException", 400)),
}


class Crash(BaseException):
    """The function's process dies; no `except Exception` of it sees that."""


def applicable(call: "Call") -> tuple[Kind, ...]:
    """What can happen to this call."""
    return _applicable(call.of_a_handler, call.service == "bedrock")


@cache
def _applicable(of_a_handler: bool, of_bedrock: bool) -> tuple[Kind, ...]:  # noqa: FBT001 — two facts of a call
    return tuple(
        kind
        for kind in KINDS
        if (of_a_handler or kind not in _OF_HANDLERS) and (of_bedrock or kind not in OF_BEDROCK)
    )


def struck(
    world: "Amazon",
    call: "Call",
    kind: Kind | None,
    invocation: "Invocation | None",
    effect: Callable[[], Any],
) -> Any:
    """The answer of a call; raises what the fault makes of it."""
    _suffer_outage(world, call)
    match kind:
        case None:
            return effect()
        case "crash before":
            raise Crash
        case "crash after":
            effect()
            raise Crash
        case "answer lost":
            effect()
            raise ReadTimeoutError(endpoint_url="https://aws")
        case "sent twice":
            effect()
            return effect()
        case "pause":
            world.clock.sleep(5)
            return effect()
        case "event again":
            world.deliver_again()
            return effect()
        case "disowned before" | "disowned after":
            return _disowned(world, kind, invocation, effect)
        case "denied for good" | "throttled for long":
            lasting = (
                float("inf") if kind == "denied for good" else world.clock.seconds + _LONG_SECONDS
            )
            world.outages[call.service, call.operation] = (kind.split(" for ", 1)[0], lasting)
            _suffer_outage(world, call)
    raise _refusal(kind, call)


def _disowned(
    world: "Amazon", kind: Kind, invocation: "Invocation | None", effect: Callable[[], Any]
) -> Any:
    assert invocation is not None
    answer = effect() if kind == "disowned after" else None
    world.clock.keep(invocation.promise, Failed("Lambda.Unknown", "no answer"))
    world.clock.sleep(_DISOWNED_SECONDS)
    return answer if kind == "disowned after" else effect()


def _suffer_outage(world: "Amazon", call: "Call") -> None:
    kind, until = world.outages.get((call.service, call.operation), ("", 0.0))
    if world.clock.seconds < until:
        raise _refusal(kind, call)


def _refusal(kind: str, call: "Call") -> Exception:
    special, usual = _CODES[kind]
    code, status = special.get(call.service, usual)
    return refusal(code, call.operation, status)
