"""`make posture`: what Prowler says of the emulated account after a deployment.

Every check that fails on a resource of ours is named in `posture.toml` with its reason, or mended;
what fails on others (the CDK's bootstrap, the account as such) is counted and shown apart.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emulator import running
from emulator.deploy import Deployer

PROWLER = "prowler==5.46.0"
SERVICES = (
    *("s3", "kms", "sqs", "sns", "awslambda", "dynamodb"),
    *("stepfunctions", "bedrock", "vpc", "cloudwatch", "iam"),
)
REGION = "us-east-1"
ROOT = Path(__file__).parents[1]
HOME = ROOT / "build" / "prowler"
EXCEPTIONS = Path(__file__).with_name("posture.toml")
_HASH = re.compile(r"[0-9A-F]{8}$")
STACKS = ("dev-Network", "dev-Storage", "dev-Training")


class PostureError(Exception):
    """Prowler did not run, which must not look like a Prowler that found nothing."""


@dataclass(frozen=True, kw_only=True)
class Found:
    check: str
    status: str
    """PASS, FAIL or MANUAL, as Prowler has it."""
    resource: str
    """ARN or name, as Prowler has it."""
    says: str


@dataclass(frozen=True, kw_only=True)
class Posture:
    """Prowler's findings, told apart: ours that fail, ours that are accepted, everyone else's."""

    checks: int
    passed: int
    failed: tuple[tuple[str, Found], ...]
    """With the logical name of the resource."""
    accepted: tuple[tuple[str, Found], ...]
    elsewhere: tuple[Found, ...]
    stale: tuple[dict[str, str], ...]

    @property
    def sound(self) -> bool:
        return not self.failed and not self.stale


def judge(
    found: Iterable[Found], ours: dict[str, str], exceptions: Iterable[dict[str, str]]
) -> Posture:
    """`ours` leads from what a resource is called in the account to its name in the template."""
    rows, given = list(found), list(exceptions)
    named = [(_name(each, ours), each) for each in rows if each.status == "FAIL"]
    mine = [(name, each) for name, each in named if name]
    taken = [pair for pair in mine if any(_covers(row, *pair) for row in given)]
    return Posture(
        checks=len({each.check for each in rows}),
        passed=sum(each.status == "PASS" for each in rows),
        failed=tuple(pair for pair in mine if pair not in taken),
        accepted=tuple(taken),
        elsewhere=tuple(each for name, each in named if not name),
        stale=tuple(row for row in given if not any(_covers(row, *pair) for pair in taken)),
    )


def _name(found: Found, ours: dict[str, str]) -> str:
    """Prowler gives an ARN or a URL, and for some kinds the last part of it."""
    ends = (found.resource, found.resource.rpartition("/")[2], found.resource.rpartition(":")[2])
    return next((ours[end] for end in ends if end in ours), "")


def _covers(row: dict[str, str], name: str, found: Found) -> bool:
    return row["check"] == found.check and row["resource"] == name


def read(report: Path) -> list[Found]:
    """Prowler's findings in OCSF."""
    return [
        Found(
            check=each["metadata"]["event_code"],
            status=each["status_code"],
            resource=each["resources"][0]["uid"],
            says=each["status_detail"],
        )
        for each in json.loads(report.read_text(encoding="utf-8"))
    ]


def deployed(deployer: Deployer) -> dict[str, str]:
    """What the resources of our stacks are called in the account → in their templates."""
    pages = deployer.client("cloudformation").get_paginator("list_stack_resources")
    return {
        name: _HASH.sub("", each["LogicalResourceId"])
        for stack in STACKS
        for page in pages.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        for name in _called(each["PhysicalResourceId"])
    }


def _called(identifier: str) -> set[str]:
    return {identifier, identifier.rpartition("/")[2], identifier.rpartition(":")[2]}


def scan(environment: dict[str, str], folder: Path) -> Path:
    """Prowler in an environment of its own: it is large, and pins what we pin otherwise."""
    python = _prowler() / "bin" / "python"
    command = [
        *(str(python), "-m", "prowler", "aws", "--region", REGION, "--service", *SERVICES),
        *("--output-formats", "json-ocsf", "--output-directory", str(folder)),
        *("--output-filename", "posture", "--no-banner", "--ignore-exit-code-3"),
    ]
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(  # noqa: S603 — our own words
        command, env=own | environment, check=False, capture_output=True, text=True
    )
    report = folder / "posture.ocsf.json"
    if done.returncode or not report.exists():
        raise PostureError(f"{PROWLER} did not finish:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return report


def _prowler() -> Path:
    """Made once; `make clean` removes it."""
    if not (HOME / ".ready").exists():
        uv, python = str(Path(sys.executable).with_name("uv")), str(HOME / "bin" / "python")
        print(f"Installing {PROWLER} into {HOME.name}: 2.3 GB, some minutes, once", flush=True)  # noqa: T201 — its output
        for words in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)],
            ["pip", "install", "--quiet", "--python", python, PROWLER],
        ):
            subprocess.run([uv, *words], check=True)  # noqa: S603 — our own words
        for catalogue in HOME.glob("lib/*/site-packages/prowler/compliance/**/*.json"):
            catalogue.unlink()  # a minute to read, each time, and nothing here asks for them
        (HOME / ".ready").touch()
    return HOME


def _say(posture: Posture, seconds: float) -> None:
    lines = [
        f"{posture.checks} checks of {PROWLER} found something to look at, in {seconds:.0f} s",
        f"{posture.passed} findings pass",
        f"{len(posture.failed)} fail on our resources",
        *(f"  {name}: {found.check}: {found.says}" for name, found in posture.failed),
        f"{len(posture.accepted)} fail on our resources for a reason that review/posture.toml gives",
        f"{len(posture.elsewhere)} fail on what is not ours: the account, and the CDK's bootstrap",
        *(f"  {check}: {n}" for check, n in Counter(f.check for f in posture.elsewhere).items()),
        f"{len(posture.stale)} reasons are for nothing that fails",
        *(f"  {row['resource']}: {row['check']}" for row in posture.stale),
    ]
    print("\n".join(lines))  # noqa: T201 — its output


def exceptions() -> list[dict[str, str]]:
    """One for each resource that a row of the file names."""
    rows = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))["accepted"]
    return [row | {"resource": name} for row in rows for name in row["resources"]]


def main() -> int:
    with running(enforce=True) as instance, tempfile.TemporaryDirectory() as folder:
        deployer = Deployer(instance=instance, say=lambda _line: None)
        deployer.bootstrap([REGION])
        deployer.deploy(["dev/*"])
        began = time.monotonic()
        report = scan(instance.client_environment(), Path(folder))
        posture = judge(read(report), deployed(deployer), exceptions())
        _say(posture, time.monotonic() - began)
    return 0 if posture.sound else 1


if __name__ == "__main__":
    sys.exit(main())
