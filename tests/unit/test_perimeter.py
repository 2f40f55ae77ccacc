"""Who may pass the perimeter is written without an account, and checked when it is written."""

import pytest

from tuning.constructs.perimeter import Perimeter
from tuning.errors import ConfigError


@pytest.mark.parametrize("field", ["uploaders", "break_glass"])
@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::123456789012:role/Data", "Data", "role/", "role/Da ta", "group/Data", "*", ""],
)
def test_what_is_no_principal_of_this_account_is_refused(field, principal):
    with pytest.raises(ConfigError, match=field):
        Perimeter(**{field: (principal,)})


def test_a_forgotten_comma_is_reported():
    with pytest.raises(ConfigError, match="add a comma"):
        Perimeter(uploaders="role/Data")


@pytest.mark.parametrize(
    "principal", ["root", "user/ci", "role/team/Data", "role/aws-reserved/sso.amazonaws.com/*/X_*"]
)
def test_roles_users_and_root_are_taken(principal):
    assert Perimeter(break_glass=(principal,)).break_glass == (principal,)


def test_nobody_is_named_for_whom_a_bucket_policy_has_no_space():
    """20 KB; those who break the glass are in four statements of one."""
    roles = tuple(f"role/{'x' * 59}{n:03}" for n in range(140))
    assert Perimeter(uploaders=roles).uploaders == roles
    with pytest.raises(ConfigError, match=r"room for 14,000.*use `\*`, or a path"):
        Perimeter(break_glass=roles[:40])
