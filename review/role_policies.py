"""What roles may do, read from the templates that would grant it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from review.templates import EnvironmentTemplates, Plain, Resource


@dataclass(frozen=True, kw_only=True)
class RoleStatement:
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: Mapping[str, Mapping[str, Any]]
    principal: Any = None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "RoleStatement":
        return cls(
            effect=raw["Effect"],
            actions=frozenset(_several(raw["Action"])),
            resources=frozenset(_several(raw.get("Resource", []))),
            conditions=_plain(raw.get("Condition", {})),
            principal=raw.get("Principal"),
        )


def policies(environment: EnvironmentTemplates, role: str) -> list[Resource]:
    """The managed policies of a role, whichever side names the other."""
    resource = environment.one("AWS::IAM::Role", role)
    named = resource.properties.get("ManagedPolicyArns", [])
    return [
        policy
        for policy in environment.of_type("AWS::IAM::ManagedPolicy")
        if policy.ref in named or resource.ref in policy.properties.get("Roles", [])
    ]


def statements(policy: Resource) -> list[RoleStatement]:
    return [RoleStatement.of(raw) for raw in policy.properties["PolicyDocument"]["Statement"]]


def allowed(environment: EnvironmentTemplates, role: str) -> Iterator[RoleStatement]:
    for policy in policies(environment, role):
        yield from (s for s in statements(policy) if s.effect == "Allow")


def permissions(environment: EnvironmentTemplates, role: str) -> set[tuple[str, str]]:
    """Every pair of an action and a resource that the role is allowed; conditions left out."""
    return {
        (action, resource)
        for statement in allowed(environment, role)
        for action in statement.actions
        for resource in statement.resources
    }


def actions(environment: EnvironmentTemplates, role: str) -> set[str]:
    return {action for action, _ in permissions(environment, role)}


def roles_allowed(environment: EnvironmentTemplates, action: str, resource: str = "") -> set[str]:
    """Names of the roles that may do `action`, on a resource that begins with `resource`."""
    return {
        role.name
        for role in environment.of_type("AWS::IAM::Role")
        for act, on in permissions(environment, role.name)
        if act == action and on.startswith(resource)
    }


def trust(role: Resource) -> list[RoleStatement]:
    return [RoleStatement.of(s) for s in role.properties["AssumeRolePolicyDocument"]["Statement"]]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(conditions: Mapping[str, Mapping[str, Any]]) -> Plain:
    return Plain({operator: Plain(values) for operator, values in conditions.items()})
