"""What opens an emulator is its owner's alone, and new at each start."""

import os
import stat

import pytest

from emulator.credentials import CREDENTIALS, Credentials
from emulator.start_errors import EmulatorError


def test_they_are_kept_for_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        made = Credentials.make(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / CREDENTIALS).stat().st_mode) == 0o600
    assert Credentials.read(tmp_path) == made


def test_they_are_new_at_each_start(tmp_path):
    first, second = Credentials.make(tmp_path), Credentials.make(tmp_path)
    assert first.control_token != second.control_token
    assert first.secret_access_key != second.secret_access_key
    assert first.control_token != first.secret_access_key


def test_a_link_that_lies_in_the_way_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody else's", encoding="utf-8")
    (tmp_path / CREDENTIALS).symlink_to(elsewhere)
    Credentials.make(tmp_path)
    assert elsewhere.read_text(encoding="utf-8") == "somebody else's"
    assert not (tmp_path / CREDENTIALS).is_symlink()


def test_they_are_in_no_representation(tmp_path):
    made = Credentials.make(tmp_path)
    assert made.control_token not in repr(made)
    assert made.secret_access_key not in repr(made)


def test_an_emulator_of_an_earlier_version_is_named_with_what_to_do(tmp_path):
    with pytest.raises(EmulatorError, match="python -m emulator down"):
        Credentials.read(tmp_path)
