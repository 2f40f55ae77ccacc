"""What was once committed stays readable for ever: no account number and no secret in any commit."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Made up for tests/data/rules/DS801.jsonl, whose rule finds keys in datasets: the alphabet in order.
MADE_UP = {"AKIAABCDEFGH234567AB"}
OURS = {"0" * 12, "123456789012", "111122223333"}
ACCOUNT_IN_TEXT = re.compile(r"(?:arn:aws[\w-]*:[\w-]*:[\w-]*:|[Aa]ccount\D{1,4})(\d{12})\b")
SECRETS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}"
)


@dataclass(frozen=True, kw_only=True)
class History:
    commits: int
    secrets: frozenset[str]
    accounts: frozenset[str]


class NoHistoryError(Exception):
    """Not a git clone, or not a whole one."""


def history(root: Path) -> History:
    """Every line that any commit has added or taken away, and every message."""
    if shutil.which("git") is None or not (root / ".git").exists():
        raise NoHistoryError("not a git clone: there is no history to read")
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise NoHistoryError("a shallow clone: most of its history is not there")
    text = git(root, "log", "--all", "--patch", "--no-textconv", "--no-color")
    return History(
        commits=int(git(root, "rev-list", "--all", "--count")),
        secrets=frozenset(SECRETS.findall(text)) - MADE_UP,
        accounts=frozenset(ACCOUNT_IN_TEXT.findall(text)) - OURS,
    )


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(  # noqa: S603 — our own words
        [shutil.which("git") or "git", *arguments],
        cwd=root,
        capture_output=True,
        check=True,
        encoding="utf-8",
        errors="replace",
    ).stdout
