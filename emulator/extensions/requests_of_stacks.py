"""CloudFormation: resource types whose resources an engine of the emulator keeps.

It acts with the rights of the stack's deployer, which are not asked for here.
"""

from collections.abc import Callable
from typing import Any

from emulator.bedrock.api_errors import ApiError, NotFound, NoVectors
from emulator.bedrock.ports import Scope
from emulator.bedrock.requests import validate
from emulator.extensions.bedrock import scope_of_the_call

_Operation = Callable[[Scope, dict[str, Any]], dict[str, Any]]


def ask_as_stack(
    does: _Operation, operation: str, request: dict[str, Any], service: str = "bedrock"
) -> dict[str, Any]:
    """A refusal fails the stack."""
    try:
        validate(operation, request, service)
        return does(scope_of_the_call(), request)
    except ApiError as refused:
        raise ValueError(str(refused)) from None


def delete_as_stack(does: _Operation, request: dict[str, Any]) -> None:
    """What is not there any more is deleted."""
    try:
        does(scope_of_the_call(), request)
    except (NotFound, NoVectors):
        return
    except ApiError as refused:
        raise ValueError(str(refused)) from None
