"""What our roles may do is what they did, over all flow tests; `unseen_uses.toml` has the reasons of
the rest. Runs last: see conftest.py.
"""

import ast
import json
import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import stages
from accounts import ACTED

from tuning.pipeline.manifest import STEPS

FOLDER = Path(__file__).parent
GROUPS = {
    "every function": STEPS,
    "every function in the VPC": [step for step in STEPS if step.in_vpc],
    "every function with the ledger": [
        step for step in STEPS if any("Ledger" in each.on for each in step.access)
    ],
}


def _members(role):
    """Itself, or those of a group; `GROUP but ROLE` leaves one out."""
    group, _, but = role.partition(" but ")
    found = [f"{step.construct_id}Role" for step in GROUPS[group]] if group in GROUPS else [group]
    return [each for each in found if each != but]


EXCEPTIONS = [
    {**row, "roles": [each for role in row["roles"] for each in _members(role)]}
    for row in tomllib.loads((FOLDER / "unseen_uses.toml").read_text("utf-8"))["unseen"]
]
HASH = re.compile(r"[0-9A-F]{8}$")


@dataclass(frozen=True, order=True, kw_only=True)
class Right:
    role: str
    """Its logical id in the template, without CDK's hash."""
    action: str
    via: str
    """The service through which a key is used; empty where the policy names none."""
    on: str


@pytest.fixture(scope="module")
def whole(request):
    """Parts of the flow tests use parts of the permissions."""
    ran = {(item.path.name, item.originalname) for item in request.session.items}
    if left_out := _others() - ran - request.config.stash[stages.OTHER_PART]:
        pytest.skip(f"not all flow tests ran; left out, for instance: {min(left_out)}")


@pytest.fixture(scope="module")
def roles(world):
    """Physical names of our roles to logical ones."""
    return {
        each["PhysicalResourceId"]: HASH.sub("", each["LogicalResourceId"])
        for stack in ("dev-Network", "dev-Storage", "dev-Training")
        for page in world.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::IAM::Role"
    }


@pytest.fixture(scope="module")
def rights(world, roles):
    iam = world.client("iam")
    return {
        right
        for name, role in roles.items()
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        for right in _rights(role, _document(iam, policy["PolicyArn"]))
    }


@pytest.fixture(scope="module")
def uses(world, roles):
    """What the platform asked for; not what a test did in the name of a role."""
    return [
        {**use, "role": roles[name]}
        for use in world.instance.recorded()
        if (name := use["principal"].rpartition("/")[2]) in roles
        and not use["session"].endswith(ACTED)
    ]


@pytest.fixture(scope="module")
def unused(rights, uses):
    allowed = [use for use in uses if use["allowed"]]
    return {right for right in rights if not any(_exercises(use, right) for use in allowed)}


@pytest.mark.usefixtures("whole")
def test_nothing_that_the_platform_asks_for_is_refused(uses):
    assert [use for use in uses if not use["allowed"]] == []


@pytest.mark.usefixtures("whole")
def test_every_right_is_used_or_has_its_reason(unused):
    excused = {right for right in unused if any(_excuses(each, right) for each in EXCEPTIONS)}
    left = sorted(unused - excused)
    assert not left, "\n".join(map(str, left))


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda each: each["because"][:40])
def test_no_reason_is_given_for_a_right_that_is_used_or_gone(unused, exception):
    """For each role, action and service that it names there is a right that nothing used."""
    stale = [
        (role, action, via)
        for role in exception["roles"]
        for action in exception["actions"]
        for via in exception.get("via", [""])
        if not any(
            (right.role, right.action, right.via) == (role, action, via)
            and _excuses(exception, right)
            for right in unused
        )
    ]
    assert stale == []


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda each: each["because"][:40])
def test_every_reason_has_its_source(exception):
    assert set(exception) <= {"roles", "actions", "via", "on", "because", "source"}
    assert exception["source"].startswith("https://docs.aws.amazon.com/")


def _others():
    """The tests of this folder, by file and name."""
    return {
        (path.name, node.name)
        for path in FOLDER.glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if path.name != Path(__file__).name
        and isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
    }


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


def _excuses(exception, right):
    return (
        right.role in exception["roles"]
        and right.action in exception["actions"]
        and right.via in exception.get("via", [""])
        and fnmatchcase(right.on, exception.get("on", "*"))
    )


def _several(value):
    return value if isinstance(value, list) else [value]
