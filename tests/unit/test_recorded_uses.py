"""What an enforcing emulator remembers of the calls it was asked to decide."""

import pytest

from emulator.recording import Recording, Use, function_of, owner, session_of

READ = Use(
    principal="arn:aws:iam::000000000000:role/r", action="s3:GetObject", resource="*", allowed=True
)


def test_each_use_is_kept_once_with_how_often():
    record = Recording()
    for _ in range(3):
        record.add(READ)
    (kept,) = record.describe()
    assert (kept["action"], kept["times"]) == ("s3:GetObject", 3)


def test_a_refusal_is_another_use_than_a_permission():
    record = Recording()
    record.add(READ)
    record.add(Use(principal=READ.principal, action=READ.action, resource="*", allowed=False))
    assert sorted(each["allowed"] for each in record.describe()) == [False, True]


def test_what_is_cleared_is_forgotten():
    record = Recording()
    record.add(READ)
    record.clear()
    assert record.describe() == []


@pytest.mark.parametrize(
    ("principal", "role"),
    [
        (
            "arn:aws:sts::000000000000:assumed-role/Reader/function",
            "arn:aws:iam::000000000000:role/Reader",
        ),
        ("arn:aws:iam::000000000000:root", "arn:aws:iam::000000000000:root"),
        ("arn:aws:iam::000000000000:user/alice", "arn:aws:iam::000000000000:user/alice"),
    ],
)
def test_a_session_is_counted_to_its_role(principal, role):
    assert owner(principal) == role


def test_who_acts_as_a_function_takes_its_place_and_is_distinguished():
    acting = session_of("arn:aws:sts::000000000000:assumed-role/Reader/function@test")
    assert (acting, function_of(acting)) == ("function@test", "function")
    assert session_of("arn:aws:iam::000000000000:user/alice") == ""
