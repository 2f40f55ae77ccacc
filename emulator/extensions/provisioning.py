"""Adding to what MiniStack's CloudFormation does with a resource type."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

from emulator.extensions.patching import Theirs, patch

Properties = dict[str, Any]
Apply = Callable[[str, Properties], None]
Conversions = Mapping[str, Callable[[Any], Any]]
"""Of members by their names in a template: some values come as text from there."""
TemplateCheck = Callable[[Properties], None]
Provisioned = tuple[str, dict[str, Any]]

REFUSED = 400
"""The HTTP status from which an answer is a refusal."""


_PROPERTIES = {"create": 1, "update": 2}
"""Where they are: create(logical id, properties, stack), update(physical id, old, new, stack[, logical id])."""


def after(resource_type: str, apply: Apply) -> None:
    """Run `apply(physical id, properties)` when a resource was created or updated."""
    _extend(resource_type, _PROPERTIES, _provision_and_apply, apply)


def after_create(resource_type: str, apply: Apply) -> None:
    """Run `apply(physical id, properties)` when a resource was created."""
    _extend(resource_type, ("create",), _provision_and_apply, apply)


def before(resource_type: str, check: TemplateCheck) -> None:
    """Run `check(properties)` before a resource is created or updated; a ValueError fails the stack."""
    _extend(resource_type, _PROPERTIES, _check_and_provision, check)


def before_create(resource_type: str, check: TemplateCheck) -> None:
    _extend(resource_type, ("create",), _check_and_provision, check)


def _extend(
    resource_type: str,
    actions: Iterable[str],
    by: Callable[..., Provisioned],
    what: Apply | TemplateCheck,
) -> None:
    """What MiniStack only creates is not updated; what it does not create is a KeyError, at start."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    for action in actions:
        if action == "create" or action in handlers:
            patch(handlers, action, by, what, _PROPERTIES[action])


def _check_and_provision(
    provision: Theirs[Provisioned],
    check: TemplateCheck,
    position: int,
    *arguments: Any,
    **named: Any,
) -> Provisioned:
    check(arguments[position])
    return provision(*arguments, **named)


def _provision_and_apply(
    provision: Theirs[Provisioned], apply: Apply, position: int, *arguments: Any, **named: Any
) -> Provisioned:
    physical_id, attributes = provision(*arguments, **named)
    apply(physical_id, arguments[position])
    return physical_id, attributes


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


def flag(value: Any) -> bool:
    """Templates carry booleans as `true` or as `"true"`."""
    return value in (True, "true", "True")
