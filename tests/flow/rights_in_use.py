"""What roles of an emulated account may do, held against what was seen of them: which rights nothing used."""

import ast
import json
import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from accounts import ACTED

OF_ASSISTANTS = tomllib.loads(
    Path(__file__).with_name("unseen_uses_of_assistants.toml").read_text("utf-8")
)["unseen"]
HASH = re.compile(r"[0-9A-F]{8}$")


@dataclass(frozen=True, order=True, kw_only=True)
class Right:
    role: str
    """Its logical id in the template, without CDK's hash."""
    action: str
    via: str
    """The service through which a key is used; empty where the policy names none."""
    on: str


def roles_of(world, stacks):
    """Physical names of the roles of these stacks to logical ones."""
    return {
        each["PhysicalResourceId"]: HASH.sub("", each["LogicalResourceId"])
        for stack in stacks
        for page in world.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::IAM::Role"
    }


def rights_of(world, roles):
    iam = world.client("iam")
    return {
        right
        for name, role in roles.items()
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        for right in _rights(role, _document(iam, policy["PolicyArn"]))
    }


def uses_of(world, roles):
    """What the platform asked for; not what a test did in the name of a role."""
    return [
        {**use, "role": roles[name]}
        for use in world.instance.recorded()
        if (name := use["principal"].rpartition("/")[2]) in roles
        and not use["session"].endswith(ACTED)
    ]


def unused_of(rights, uses):
    allowed = [use for use in uses if use["allowed"]]
    return {right for right in rights if not any(_exercises(use, right) for use in allowed)}


def excuses(exception, right):
    return (
        right.role in exception["roles"]
        and right.action in exception["actions"]
        and right.via in exception.get("via", [""])
        and fnmatchcase(right.on, exception.get("on", "*"))
    )


def stale_of(exception, unused):
    """For each role, action and service that it names there is a right that nothing used."""
    return [
        (role, action, via)
        for role in exception["roles"]
        for action in exception["actions"]
        for via in exception.get("via", [""])
        if not any(
            (right.role, right.action, right.via) == (role, action, via)
            and excuses(exception, right)
            for right in unused
        )
    ]


def assert_held_to_uses(world, account, request):
    """Of the stack of assistants: nothing that its roles asked for was refused, each right is used or has its reason, and
    each reason is of a right that is not. `account`: as the reasons name it.
    """
    _unless_part_of_file_runs(request)
    roles = roles_of(world, ["dev-Assistants"])
    uses = uses_of(world, roles)
    unused = unused_of(rights_of(world, roles), uses)
    reasons = [
        {**row, "roles": _matching(row["roles"], roles.values())}
        for row in OF_ASSISTANTS
        if account in row["accounts"]
    ]
    excused = {right for right in unused if any(excuses(each, right) for each in reasons)}
    said = [f"refused: {use}" for use in uses if not use["allowed"]]
    said += [f"without a reason: {right}" for right in sorted(unused - excused)]
    said += [f"a reason of what is used or gone: {s}" for r in reasons for s in stale_of(r, unused)]
    assert not said, "\n".join(said)


def _unless_part_of_file_runs(request):
    """Parts of a file's tests use parts of the rights."""
    names = (
        node.name
        for node in ast.parse(request.path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
    ran = {item.originalname for item in request.session.items if item.path == request.path}
    if left_out := set(names) - ran:
        pytest.skip(f"not all of its tests ran; left out, for instance: {min(left_out)}")


def _matching(patterns, roles):
    """A pattern that no role of the account matches is stale: it stays as it is, and nothing is unused of it."""
    return [
        role
        for pattern in patterns
        for role in [each for each in roles if fnmatchcase(each, pattern)] or [pattern]
    ]


def _document(iam, arn):
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return json.loads(found) if isinstance(found, str) else found


def _rights(role, document):
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            equals = statement.get("Condition", {}).get("StringEquals", {})
            via = equals.get("kms:ViaService", "").partition(".")[0]
            for action in _several(statement["Action"]):
                for on in _several(statement["Resource"]):
                    yield Right(role=role, action=action, via=via, on=on)


def _exercises(use, right):
    via = use["via"].partition(".")[0]
    same = (use["role"], use["action"], via) == (right.role, right.action, right.via)
    return same and fnmatchcase(use["resource"], right.on)


def _several(value):
    return value if isinstance(value, list) else [value]
