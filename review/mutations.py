"""Every policy with one thing weaker or wider: a table that does not notice is not a proof.

A statement taken away; a condition taken away; all conditions taken away; actions, resource or
principal made `*`.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from review.policy_documents import PolicyDocument

_Statement = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    policy: str
    change: str
    """What was done, to which statement, in words."""
    content: Mapping[str, Any]
    touches: Sequence[str]
    """Patterns of the actions whose decision it can change."""


def mutants(document: PolicyDocument) -> Iterator[Mutant]:
    statements = document.content["Statement"]
    for number, statement in enumerate(statements):
        label = _label(number, statement)
        for change, changed in _changes(document, statement):
            content = deepcopy(document.content)
            content["Statement"][number : number + 1] = [changed] if changed else []
            if not content["Statement"]:  # a policy must hold a statement
                nothing = {"Effect": "Deny", "Action": "sts:DecodeAuthorizationMessage"}
                content["Statement"] = [{**statement, **nothing}]
            actions = (changed or statement).get("Action", "*")
            yield Mutant(
                policy=document.name,
                change=f"{label}: {change}",
                content=content,
                touches=actions if isinstance(actions, list) else [actions],
            )


def _changes(
    document: PolicyDocument, statement: _Statement
) -> Iterator[tuple[str, _Statement | None]]:
    yield "taken away", None
    conditions = statement.get("Condition", {})
    singles = [(operator, key) for operator, keys in conditions.items() for key in keys]
    for operator, key in singles:
        yield f"without {operator} {key}", _without(statement, operator, key)
    if len(singles) > 1:
        yield "without conditions", {k: v for k, v in statement.items() if k != "Condition"}
    if not _any_action(document, statement):
        yield "any action", _widened(statement, "Action", "*")
    if not _any_resource(document, statement):
        yield "any resource", _widened(statement, "Resource", "*")
    if statement.get("Principal") not in (None, "*", {"AWS": "*"}):
        yield "any principal", {**statement, "Principal": "*"}


def _label(number: int, statement: _Statement) -> str:
    actions = statement.get("Sid") or statement.get("Action") or statement.get("NotAction")
    several = actions if isinstance(actions, list) else [actions]
    return f"statement {number + 1} ({several[0]}{', …' if len(several) > 1 else ''})"


def _without(statement: _Statement, operator: str, key: str) -> _Statement:
    changed = deepcopy(statement)
    del changed["Condition"][operator][key]
    changed["Condition"] = {op: keys for op, keys in changed["Condition"].items() if keys}
    return (
        changed if changed["Condition"] else {k: v for k, v in changed.items() if k != "Condition"}
    )


def _widened(statement: _Statement, element: str, value: str) -> _Statement:
    others = {k: v for k, v in statement.items() if k not in (element, f"Not{element}")}
    return {**others, element: value}


def _any_action(document: PolicyDocument, statement: _Statement) -> bool:
    """Already every action that such a policy can speak of: a bucket's knows S3's only."""
    if document.kind == "trust":  # sts:TagSession and the like let nobody in who is not let in
        return True
    wildcard = statement.get("Action")
    return wildcard == "*" or (
        document.kind == "resource" and isinstance(wildcard, str) and wildcard.endswith(":*")
    )


def _any_resource(document: PolicyDocument, statement: _Statement) -> bool:
    """Already all that such a policy can speak of: a bucket's knows its own bucket only."""
    if document.kind == "trust" or "NotResource" in statement:
        return "NotResource" not in statement
    resources = statement["Resource"]
    several = resources if isinstance(resources, list) else [resources]
    if "*" in several:
        return True
    if document.kind != "resource":
        return False
    objects = [resource for resource in several if resource.endswith("/*")]
    bucket = any(resource + "/*" in objects for resource in several)
    return bucket or not several[0].startswith("arn:aws:s3:::")
