"""What our roles may do is what they did, over all flow tests; `unseen_uses.toml` has the reasons of
the rest. Runs last: see conftest.py.
"""

import ast
import tomllib
from pathlib import Path

import pytest
import stages
from rights_in_use import OF_ASSISTANTS, excuses, rights_of, roles_of, stale_of, unused_of, uses_of

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


@pytest.fixture(scope="module")
def whole(request):
    """Parts of the flow tests use parts of the permissions."""
    ran = {(item.path.name, item.originalname) for item in request.session.items}
    if left_out := _others() - ran - request.config.stash[stages.OTHER_PART]:
        pytest.skip(f"not all flow tests ran; left out, for instance: {min(left_out)}")


@pytest.fixture(scope="module")
def roles(world):
    return roles_of(world, ("dev-Network", "dev-Storage", "dev-Training"))


@pytest.fixture(scope="module")
def uses(world, roles):
    return uses_of(world, roles)


@pytest.fixture(scope="module")
def unused(world, roles, uses):
    return unused_of(rights_of(world, roles), uses)


@pytest.mark.usefixtures("whole")
def test_nothing_that_the_platform_asks_for_is_refused(uses):
    assert [use for use in uses if not use["allowed"]] == []


@pytest.mark.usefixtures("whole")
def test_every_right_is_used_or_has_its_reason(unused):
    excused = {right for right in unused if any(excuses(each, right) for each in EXCEPTIONS)}
    left = sorted(unused - excused)
    assert not left, "\n".join(map(str, left))


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda each: each["because"][:40])
def test_no_reason_is_given_for_a_right_that_is_used_or_gone(unused, exception):
    assert stale_of(exception, unused) == []


@pytest.mark.parametrize(
    "exception", [*EXCEPTIONS, *OF_ASSISTANTS], ids=lambda each: each["because"][:40]
)
def test_every_reason_has_its_source(exception):
    assert set(exception) <= {"roles", "actions", "via", "on", "because", "source", "accounts"}
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
