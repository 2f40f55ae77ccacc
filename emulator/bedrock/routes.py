"""The REST routes of the operations an engine has, from botocore's own model of its service."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import botocore.session

from emulator.bedrock.api_errors import ApiError, ValidationError
from emulator.bedrock.operations import OPERATIONS
from emulator.bedrock.ports import Scope


class RoutedEngine(Protocol):
    """What answers the calls of one service."""

    def owns(self, operation: str, scope: Scope, request: dict[str, Any], /) -> bool: ...

    def call(self, operation: str, scope: Scope, request: dict[str, Any], /) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class RoutedService:
    name: str
    """As botocore calls it."""
    operations: tuple[str, ...]
    inside: str = ".+"
    """What stands for a part of a path: it arrives decoded, and an ARN contains slashes."""


BEDROCK_ROUTES = RoutedService(name="bedrock", operations=tuple(OPERATIONS))


@dataclass(frozen=True, kw_only=True)
class Route:
    operation: str
    method: str
    path: re.Pattern[str]
    status: int
    query: dict[str, tuple[str, str]]
    """Query parameter to member name and type."""


@dataclass(frozen=True, kw_only=True)
class BedrockCall:
    method: str
    path: str
    """Decoded."""
    query: dict[str, list[str]]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class BedrockAnswer:
    status: int
    document: dict[str, Any]
    error: str | None = None


def respond(
    engine: RoutedEngine, scope: Scope, call: BedrockCall, service: RoutedService
) -> BedrockAnswer | None:
    """The answer to one HTTP request; None when the engine does not have the operation."""
    for route in _routes(service):
        found = route.path.fullmatch(call.path)
        if found is None or route.method != call.method:
            continue
        try:
            request = _request(route, found, call)
            if not engine.owns(route.operation, scope, request):
                return None
            document = engine.call(route.operation, scope, request)
        except ApiError as error:
            document = {"__type": error.code, "message": error.message}
            return BedrockAnswer(status=error.status, document=document, error=error.code)
        return BedrockAnswer(status=route.status, document=document)
    return None


def _request(route: Route, found: re.Match[str], call: BedrockCall) -> dict[str, Any]:
    try:
        request = json.loads(call.body) if call.body else {}
    except ValueError:
        raise ValidationError(message="The request body is not valid JSON.") from None
    if not isinstance(request, dict):
        raise ValidationError(message="The request body is not a JSON object.")
    request |= found.groupdict()
    for parameter, (member, kind) in route.query.items():
        if parameter in call.query:
            request[member] = _typed(call.query[parameter][0], kind)
    return request


def _typed(value: str, kind: str) -> str | int | bool:
    match kind:
        case "integer" if value.isdigit():
            return int(value)
        case "boolean" if value in ("true", "false"):
            return value == "true"
        case _:
            return value


@cache
def _routes(service: RoutedService) -> tuple[Route, ...]:
    model = botocore.session.get_session().get_service_model(service.name)
    return tuple(_route(model.operation_model(name), service) for name in service.operations)


def _route(operation: Any, service: RoutedService) -> Route:
    http = operation.http
    pattern = re.sub(r"\{(\w+)\}", rf"(?P<\1>{service.inside})", http["requestUri"])
    members = operation.input_shape.members
    return Route(
        operation=operation.name,
        method=http["method"],
        path=re.compile(pattern),
        status=http.get("responseCode", 200),
        query={
            member.serialization["name"]: (name, member.type_name)
            for name, member in members.items()
            if member.serialization.get("location") == "querystring"
        },
    )
