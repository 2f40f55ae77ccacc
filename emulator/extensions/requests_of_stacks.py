"""CloudFormation: resource types whose resources an engine of the emulator keeps.

It acts with the rights of the stack's deployer, which are not asked for here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.bedrock.api_errors import ApiError, NotFound, NoVectors
from emulator.bedrock.ports import Scope
from emulator.bedrock.requests import validate
from emulator.extensions.bedrock import scope_of_the_call

_Operation = Callable[[Scope, dict[str, Any]], dict[str, Any]]
Conversions = Mapping[str, Callable[[Any], Any]]
"""Of members by their names in a template: some values come as text from there."""


def as_in_api(
    part: Any, conversions: Conversions | None = None, renamed: Mapping[str, str] | None = None
) -> Any:
    """Templates begin the names of members with a capital, the API does not; a few it calls otherwise."""
    converted, names = conversions or {}, renamed or {}
    match part:
        case dict():
            return {
                names.get(name, name[:1].lower() + name[1:]): converted[name](each)
                if name in converted
                else as_in_api(each, conversions, renamed)
                for name, each in part.items()
            }
        case list():
            return [as_in_api(each, conversions, renamed) for each in part]
    return part


def ask(
    does: _Operation, operation: str, request: dict[str, Any], service: str = "bedrock"
) -> dict[str, Any]:
    """A refusal fails the stack."""
    try:
        validate(operation, request, service)
        return does(scope_of_the_call(), request)
    except ApiError as refused:
        raise ValueError(str(refused)) from None


def ask_to_delete(does: _Operation, request: dict[str, Any]) -> None:
    """What is not there any more is deleted."""
    try:
        does(scope_of_the_call(), request)
    except (NotFound, NoVectors):
        return
    except ApiError as refused:
        raise ValueError(str(refused)) from None
