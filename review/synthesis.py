"""Synthesize for review: cdk-nag's packs, CDK's own validator, Control Tower's Guard rules.

What they find is read from `validation-report.json` and not from an exit code, which is 0 in one of
the ways in which an app can be run.
"""

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import aws_cdk as cdk

from review.findings import ToolFinding, located
from stacks.deployment import deployments
from tuning.constructs.acknowledgements import Accepted, accepted_in, review

CHECKOUT = Path(__file__).parent.parent
CONTEXT: Mapping[str, Any] = json.loads((CHECKOUT / "cdk.json").read_bytes())["context"]
NO_STAGING = {"aws:cdk:disable-asset-staging": True}
"""Context that leaves the functions' code where it is, for those who look at templates only."""
_GUARD = "Control Tower"


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    folder: Path
    findings: tuple[ToolFinding, ...]
    rows: Mapping[str, tuple[Accepted, ...]]
    """By environment: what is accepted there."""


def synthesize(
    folder: Path,
    build: Callable[[cdk.App], None],
    *,
    templates: bool,
    context: Mapping[str, Any] = MappingProxyType({}),
) -> Reviewed:
    """Into an empty `folder`. The packs look always; `templates` adds the validator and the Guard
    rules, which read finished templates and take seconds. One plugin has both: CDK's own beside it
    would hold each template against the validator's rules a second time.
    """
    app = cdk.App(
        outdir=str(folder),
        context={**CONTEXT, **context},
        analytics_reporting=False,
        tree_metadata=False,
        stack_traces=False,
        builtin_cloud_formation_validation=False,
    )
    build(app)
    environments = deployments(app)
    review(app, [each.training for each in environments])
    if templates:
        plugin = cdk.CloudFormationValidatePlugin(guard_rules=list(control_tower()))
        cdk.Validations.of(app).add_plugins(plugin)
    report = folder / "validation-report.json"
    try:
        app.synth()
    except RuntimeError:  # jsii's word for every error; findings are one
        if not report.exists():
            raise
    return Reviewed(
        folder=folder,
        findings=tuple(reported_findings(report)),
        rows={e.node.id: tuple(accepted_in(e.training)) for e in environments},
    )


@cache
def control_tower() -> tuple[cdk.ValidationRuleSource, ...]:
    """Control Tower's proactive controls, from the archive in which their package carries them."""
    (archive,) = (
        entry
        for entry in files("cdklabs.cdk_validator_cfnguard._jsii").iterdir()
        if entry.name.endswith(".jsii.tgz")
    )
    rules = []
    with archive.open("rb") as stream, tarfile.open(fileobj=stream) as opened:
        for member in opened:
            if member.name.endswith(".guard") and (content := opened.extractfile(member)):
                name = PurePath(member.name).stem
                text = content.read().decode()
                rules.append(cdk.ValidationRuleSource(name=name, content=text))
    return tuple(rules)


def reported_findings(report: Path) -> Iterator[ToolFinding]:
    """Every finding once for each construct, whether CDK set it aside or not.

    Of a check that Guard makes on a variable, CDK knows no resource and names the stack. When the same
    rule finds fault with one construct of that stack and no other, that is whose it is.
    """
    found = list(_written(report))
    faulty: dict[tuple[str, str, str], set[str]] = {}
    for one in found:
        stack, _, inside = one.path.partition("/")
        if inside:
            faulty.setdefault((one.rule, one.environment, stack), set()).add(one.path)
    for one in found:
        paths = faulty.get((one.rule, one.environment, one.path), set())
        placed = one.tool == _GUARD and len(paths) == 1
        yield replace(one, path=next(iter(paths))) if placed else one


def _written(report: Path) -> Iterator[ToolFinding]:
    for plugin in json.loads(report.read_bytes())["pluginReports"]:
        for violation in (*plugin["violations"], *plugin.get("suppressedViolations", ())):
            for construct in violation["violatingConstructs"]:
                environment, path = located(construct["constructPath"])
                yield ToolFinding(
                    tool=_tool(plugin["pluginName"], violation),
                    rule=f"{plugin['pluginName'].replace(' ', '-')}::{violation['ruleName']}",
                    environment=environment,
                    path=path,
                    text=violation["description"],
                )


def _tool(plugin: str, violation: Mapping[str, Any]) -> str:
    if plugin != "CloudFormation Validate":
        return f"cdk-nag {plugin}"
    guard = violation.get("ruleMetadata", {}).get("category", "").startswith("guard:")
    return _GUARD if guard else "CDK validator"
