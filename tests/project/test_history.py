"""What was once committed stays readable for ever: no account number and no secret in any commit."""

import pytest
from house_files import ROOT

from review.history import ACCOUNT_IN_TEXT, SECRETS, NoHistoryError, history


@pytest.fixture(scope="module")
def committed():
    try:
        return history(ROOT)
    except NoHistoryError as reason:
        pytest.skip(str(reason))


def test_no_commit_names_an_account(committed):
    assert committed.accounts == set()


def test_no_commit_holds_a_secret(committed):
    assert committed.secrets == set()


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "Q2" * 8,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "-----BEGIN " + "PRIVATE KEY-----",
        "ghp_" + "a1" * 18,
    ],
)
def test_a_secret_would_be_found(text):
    assert SECRETS.search(f"key = {text}")


def test_an_account_would_be_found():
    assert ACCOUNT_IN_TEXT.findall("arn:aws:iam::" + "9" * 12 + ":role/x") == ["9" * 12]
