"""How each kind of fault strikes a call."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError
from machine import Failed
from recipe_refusal_cases import refusal
from schedule import KINDS, OF_BEDROCK, Kind

if TYPE_CHECKING:
    from amazon import Amazon, Invocation
    from explored_calls import Call

_LASTING: dict[Kind, tuple[str, float, bool]] = {
    "denied for good": ("denied", float("inf"), False),
    "throttled for long": ("throttled", 20 * 60, False),
    "incident": ("internal error", 160 * 60, True),
}
"""What it is answered by, for how many seconds, and whether the whole service is; the incident is as long as
DynamoDB's of 2025-10-20. https://aws.amazon.com/message/101925/
"""
_GIVEN_UP = {
    "disowned": (20, Failed("Lambda.Unknown", "no answer")),
    "zombie": (3600, Failed("Lambda.Unknown", "no answer")),
}
"""After how many seconds a function goes on that was given up, and what is said of it meanwhile."""
_OF_HANDLERS = frozenset(
    {"crash before", "crash after", "pause"}
    | {f"{each} {when}" for each in _GIVEN_UP for when in ("before", "after")}
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


_WORDS = {"name in use": "The provided job name is currently in use: of another"}


class Crash(BaseException):
    """The function's process dies; no `except Exception` of it sees that."""


def lasts(kind: Kind) -> float:
    """For how many seconds it strikes others, too."""
    return _LASTING[kind][1] if kind in _LASTING else 0


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
    if kind:
        world.struck.add((call.kind, kind))
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
        case "disowned before" | "disowned after" | "zombie before" | "zombie after":
            return _given_up(world, kind, invocation, effect)
    _begin_outage(world, call, kind)
    raise _refusal(kind, call)


def _begin_outage(world: "Amazon", call: "Call", kind: Kind) -> None:
    """One that outlasts this call, whose first answer it is."""
    if kind in _LASTING:
        what, seconds, whole = _LASTING[kind]
        operation = "" if whole else call.operation
        world.outages[call.service, operation] = (what, world.clock.seconds + seconds)
        _suffer_outage(world, call)


def _given_up(
    world: "Amazon", kind: Kind, invocation: "Invocation | None", effect: Callable[[], Any]
) -> Any:
    assert invocation is not None
    how, _, when = kind.partition(" ")
    seconds, said = _GIVEN_UP[how]
    answer = effect() if when == "after" else None
    world.clock.keep(invocation.promise, said)
    world.clock.sleep(seconds)
    return answer if when == "after" else effect()


def _suffer_outage(world: "Amazon", call: "Call") -> None:
    for operation in (call.operation, ""):
        kind, until = world.outages.get((call.service, operation), ("", 0.0))
        if world.clock.seconds < until:
            world.hindered.add(call.number)
            raise _refusal(kind, call)


def _refusal(kind: str, call: "Call") -> Exception:
    special, usual = _CODES[kind]
    code, status = special.get(call.service, usual)
    return refusal(code, call.operation, status, _WORDS.get(kind, ""))
