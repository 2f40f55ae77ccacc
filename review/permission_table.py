"""The permission table: who assumes each role, and what it may do, on what, under which conditions.

`python -m review.permission_table cdk.out dev` prints it from synthesized templates.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from review.role_policies import RoleStatement, policies, statements, trust
from review.templates import EnvironmentTemplates, Resource

_Row = dict[str, list[str]]
Entry = dict[str, Any]


def table(environment: EnvironmentTemplates) -> dict[str, Entry]:
    roles = sorted(environment.of_type("AWS::IAM::Role"), key=lambda role: role.name)
    return {role.name: entry_of(environment, role) for role in roles}


def entry_of(environment: EnvironmentTemplates, role: Resource) -> Entry:
    found = [s for p in policies(environment, role.name) for s in statements(p)]
    return {
        "assumed_by": [_assumed(statement) for statement in trust(role)],
        "rows": table_rows(found),
    }


def render(entries: Mapping[str, Entry]) -> str:
    """As TOML, in one order, so that a difference between two tables is a difference of rights."""
    lines = []
    for role, entry in entries.items():
        lines += [f"[{role}]", f"assumed_by = {_texts(entry['assumed_by'])}", "", ""]
        for row in entry["rows"]:
            lines[-1:] = [f"[[{role}.rows]]"]
            lines += [f"{name} = {_texts(values)}" for name, values in row.items()] + ["", ""]
    return "\n".join(lines).rstrip() + "\n"


def conditions(given: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line for each: `StringEquals kms:ViaService s3.us-east-1.amazonaws.com`."""
    return sorted(
        f"{operator} {key} {' | '.join(map(str, value if isinstance(value, list) else [value]))}"
        for operator, keys in given.items()
        for key, value in keys.items()
    )


def _assumed(statement: RoleStatement) -> str:
    who = " ".join(f"{kind} {name}" for kind, name in statement.principal.items())
    return " and ".join([who, *conditions(statement.conditions)])


def table_rows(found: Iterable[RoleStatement]) -> list[_Row]:
    """Statements taken apart into single rights and put together again in one way."""
    actions: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for statement in found:
        for resource in statement.resources:
            place = (statement.effect, resource, tuple(conditions(statement.conditions)))
            actions.setdefault(place, set()).update(statement.actions)
    resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (effect, resource, when), acts in sorted(actions.items()):
        resources.setdefault((effect, tuple(sorted(acts)), when), []).append(resource)
    verbs = {"Allow": "may", "Deny": "may_not"}
    return [
        {verbs[effect]: list(acts), "on": on, **({"if": list(when)} if when else {})}
        for (effect, acts, when), on in sorted(resources.items())
    ]


def _texts(values: list[str]) -> str:
    line = f"[{', '.join(map(json.dumps, values))}]"
    if len(line) <= 80:  # noqa: PLR2004 — then it fits on a line of 100 with its name
        return line
    return "[\n" + "".join(f"    {json.dumps(value)},\n" for value in values) + "]"


if __name__ == "__main__":
    sys.stdout.write(render(table(EnvironmentTemplates.of(Path(sys.argv[1]), sys.argv[2]))))
