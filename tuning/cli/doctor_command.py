"""`tuning doctor`: whether an account will take an environment, before it is deployed or trained in."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from tuning.aws.account_facts import Questions, region_of_session
from tuning.aws.clients import clients
from tuning.cli.aws_errors import explained_errors
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Profile, Region
from tuning.cli.exits import Exit
from tuning.cli.output import print_json
from tuning.preflight.examination import examine
from tuning.preflight.facts import Facts, NoAnswer
from tuning.preflight.finding import AccountFinding, Prospect, worst_prospect
from tuning.preflight.needs import Needs
from tuning.reports.visible_text import printable

_CUSTOMARY = Path("cdk.out")
_ANYWHERE = "us-east-1"
"""Where credentials are looked at when no Region is known."""
_FIRST = " --no-rollback"
"""Of a first deployment: the CDK protects Storage before it is made, so one that was rolled back can be neither
deleted nor deployed. One that was not goes on from where it failed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html"""
_LEFT: dict[Prospect, Exit] = {
    "ok": Exit.DONE,
    "will fail": Exit.REFUSED,
    "unknown": Exit.FAULT,
}


def doctor_command(
    environment: EnvironmentOption = "dev",
    region: Region = None,
    profile: Profile = None,
    assembly: Annotated[
        Path | None,
        typer.Option(help="Folder of the synthesized templates; default: cdk.out, if it exists."),
    ] = None,
    shown: FormatOption = "text",
) -> None:
    """Check whether an environment and its first job will work in an account. No call costs anything.

    Exit 0: all is ok; 1: something will fail; 3: nothing is known to fail, but not everything could be checked.
    """
    with explained_errors():
        facts, needs = _asked(environment, region, profile, assembly)
    findings = examine(needs, facts)
    verdict = worst_prospect(findings)
    if shown == "json":
        document = {
            "environment": environment,
            "region": needs.region or None,
            "verdict": verdict,
            "findings": [vars(finding) for finding in findings],
            "counts": Counter(finding.outcome for finding in findings),
        }
        print_json(document)
    else:
        _list(needs, facts, findings)
    raise SystemExit(_LEFT[verdict] if facts.asked else Exit.FAULT)


def _asked(
    environment: str, region: str | None, profile: str | None, assembly: Path | None
) -> tuple[Facts, Needs]:
    there = region_of_session(region, profile)
    session = None if isinstance(there, NoAnswer) else there
    if assembly or _CUSTOMARY.exists():
        needs = Needs.of(environment, assembly or _CUSTOMARY)
    else:
        needs = Needs.without_templates(environment, session or "")
    client = clients(needs.region or _ANYWHERE, profile)
    return Questions(client=client, needs=needs).facts(session_region=session), needs


def _list(needs: Needs, facts: Facts, findings: list[AccountFinding]) -> None:
    lines = [f"{needs.environment} in {needs.region or 'no Region'}", ""]
    width = max(len(finding.subject) for finding in findings)
    for each in findings:
        lines.append(f"{each.outcome:<9}  {each.subject:<{width}}  {each.why}")
        if each.fix:
            lines.append(f"{'':<9}  {'':<{width}}  Fix: {each.fix}")
    for line in [*lines, "", _verdict(needs, facts, findings)]:
        print(printable(line).rstrip())  # noqa: T201 — output


def _verdict(needs: Needs, facts: Facts, findings: list[AccountFinding]) -> str:
    counts = Counter(finding.outcome for finding in findings)
    match counts["will fail"], counts["unknown"]:
        case 0, 0:
            return f"Nothing is known that will fail. Next: {_next(needs, facts)}"
        case 0, unknown:
            return f"Nothing is known to fail, but {unknown} could not be determined."
        case failing, unknown:
            more = f"; {unknown} could not be determined" if unknown else ""
            return f"{failing} will fail{more}. Fix what is named above, then run it again."
    raise AssertionError("counts are numbers")


def _next(needs: Needs, facts: Facts) -> str:
    deploy = f"npx cdk deploy '{needs.environment}/*'"
    if isinstance(facts.stacks, NoAnswer):
        return f"{deploy}, then tuning canary."
    if set(needs.stacks) - facts.stacks.keys():
        return f"{deploy}{_FIRST}, then tuning canary."
    return f"tuning canary, or {deploy} if you changed something."
