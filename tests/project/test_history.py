"""What was once committed stays readable for ever: no account number and no secret in any commit."""

import re
import shutil
import subprocess

import pytest
from test_house import ROOT

# Made up for tests/data/rules/DS801.jsonl, whose rule finds keys in datasets: the alphabet in order.
MADE_UP = {"AKIAABCDEFGH234567AB"}
OURS = {"0" * 12, "123456789012", "111122223333"}
ACCOUNT = re.compile(r"(?:arn:aws[\w-]*:[\w-]*:[\w-]*:|[Aa]ccount\D{1,4})(\d{12})\b")
SECRETS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}"
)


def git(*arguments):
    return subprocess.run(  # noqa: S603 -- our own words
        [shutil.which("git"), *arguments],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
        errors="replace",
    ).stdout


@pytest.fixture(scope="module")
def history():
    """Every line that any commit has added or taken away, and every message."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: there is no history to read")
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("a shallow clone: most of its history is not there")
    return git("log", "--all", "--patch", "--no-textconv", "--no-color")


def test_no_commit_names_an_account(history):
    assert set(ACCOUNT.findall(history)) <= OURS


def test_no_commit_holds_a_secret(history):
    assert set(SECRETS.findall(history)) <= MADE_UP


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
    assert ACCOUNT.findall("arn:aws:iam::" + "9" * 12 + ":role/x") == ["9" * 12]
