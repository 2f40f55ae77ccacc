"""Adding to what MiniStack's CloudFormation does with a resource type."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Apply = Callable[[str, Properties], None]
Provisioned = tuple[str, dict[str, Any]]

REFUSED = 400
"""The HTTP status from which an answer is a refusal."""


def after(resource_type: str, apply: Apply) -> None:
    """Run `apply(physical id, properties)` when a resource was created or updated."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    for action in ("create", "update"):
        if action in handlers:
            handlers[action] = _then(
                handlers[action], apply, position=1 if action == "create" else 2
            )


def after_create(resource_type: str, apply: Apply) -> None:
    """Run `apply(physical id, properties)` when a resource was created."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    handlers["create"] = _then(handlers["create"], apply, position=1)


def before(resource_type: str, check: Callable[[Properties], None]) -> None:
    """Run `check(properties)` before a resource is created or updated; a ValueError fails the stack."""
    before_create(resource_type, check)
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    if "update" in handlers:
        handlers["update"] = _first(check, handlers["update"], position=2)


def before_create(resource_type: str, check: Callable[[Properties], None]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    handlers["create"] = _first(check, handlers["create"], position=1)


def _first(
    check: Callable[[Properties], None], provision: Callable[..., Provisioned], *, position: int
) -> Callable[..., Provisioned]:
    def check_and_provision(*arguments: Any, **named: Any) -> Provisioned:
        check(arguments[position])
        return provision(*arguments, **named)

    return check_and_provision


def _then(
    provision: Callable[..., Provisioned], apply: Apply, *, position: int
) -> Callable[..., Provisioned]:
    # create(logical id, properties, stack), update(physical id, old, new, stack[, logical id])
    def provision_and_apply(*arguments: Any, **named: Any) -> Provisioned:
        physical_id, attributes = provision(*arguments, **named)
        apply(physical_id, arguments[position])
        return physical_id, attributes

    return provision_and_apply


def add(
    resource_type: str,
    *,
    create: Callable[..., Provisioned],
    delete: Callable[[str, Properties], None],
    update: Callable[..., Provisioned] | None = None,
) -> None:
    """Register a type that MiniStack does not know; an update replaces the resource where none is given."""

    def replace(identifier: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        delete(identifier, old)
        return create("", new, stack)

    handlers = {"create": create, "update": update or replace, "delete": delete}
    provisioners._RESOURCE_HANDLERS.setdefault(resource_type, handlers)


def answer_of(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    """What a service of MiniStack's that speaks JSON has answered; a refusal fails the stack."""
    status, _, body = response
    answer: dict[str, Any] = json.loads(body or b"{}")
    if status >= REFUSED:
        raise ValueError(answer.get("message") or answer.get("Message") or "refused")
    return answer


def flag(value: Any) -> bool:
    """Templates carry booleans as `true` or as `"true"`."""
    return value in (True, "true", "True")
