"""Whether each security property, taken away, is noticed, and by which gate: the cheap ones first."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk.cloudformation_include import CfnInclude

from review.checks.template_check import checks
from review.decide import noticing
from review.findings import ToolFinding
from review.mutations import Mutant
from review.physical import Physical
from review.policy_documents import documents
from review.scanners import cfn_lint, checkov
from review.synthesis import synthesize
from review.templates import EnvironmentTemplates
from review.weaken import Weakening, WeakeningError, weakenings

GateFound = Mapping[str, str]
"""By property: the gate that noticed."""


@dataclass(frozen=True, kw_only=True)
class Weakened:
    property: str
    gate: str | None
    """Who notices when the property is taken away; None when nobody does."""


@dataclass(frozen=True, kw_only=True)
class _Case:
    weakening: Weakening
    stack: str
    environment: EnvironmentTemplates


def weakened(environment: EnvironmentTemplates, *, region: str, only: str = "") -> list[Weakened]:
    """Of the whole table, on the templates of `environment`; or of the rows that are `only` of it."""
    cases = [_case(one, environment) for one in weakenings(only)]
    gates: dict[str, str] = {}
    for gate in (_by_checks, _by_decisions, _by_packs, _by_rules, _by_scanners):
        left = [case for case in cases if case.weakening.property not in gates]
        gates |= gate(environment, left, region)
    return [
        Weakened(property=case.weakening.property, gate=gates.get(case.weakening.property))
        for case in cases
    ]


def _case(one: Weakening, environment: EnvironmentTemplates) -> _Case:
    stack, changed = one.apply(environment)
    return _Case(weakening=one, stack=stack, environment=changed)


def _by_checks(environment: EnvironmentTemplates, cases: Sequence[_Case], _: str) -> GateFound:
    known = [one for one in checks() if one.only in ("", environment.name)]
    if wrong := [str(one) for one in known if not one.holds(environment)]:
        raise WeakeningError(f"do not hold as it is: {', '.join(wrong)}")
    found = {}
    for case in cases:
        if by := next((one for one in known if not one.holds(case.environment)), None):
            found[case.weakening.property] = f"check: {by.name}"
    return found


def _by_decisions(
    environment: EnvironmentTemplates, cases: Sequence[_Case], region: str
) -> GateFound:
    before = _policies(environment, region)
    changes = {
        case.weakening.property: Mutant(policy=name, change="", content=content, touches=("*",))
        for case in cases
        for name, content in _policies(case.environment, region).items()
        if name in before and content != before[name]
    }
    answers = noticing(environment, list(changes.values()), region=region)
    return {
        name: f"decision table: {case.says}"
        for name, case in zip(changes, answers, strict=True)
        if case
    }


def _policies(environment: EnvironmentTemplates, region: str) -> dict[str, dict[str, object]]:
    physical = Physical(environment=environment, region=region)
    return {document.name: document.content for document in documents(physical)}


def _by_packs(environment: EnvironmentTemplates, cases: Sequence[_Case], _: str) -> GateFound:
    """Templates are read back as constructs, which is what cdk-nag looks at."""
    return _read_back(environment, cases, templates=False)


def _by_rules(environment: EnvironmentTemplates, cases: Sequence[_Case], _: str) -> GateFound:
    """CDK's validator and Control Tower's rules."""
    return _read_back(environment, cases, templates=True)


def _read_back(
    environment: EnvironmentTemplates, cases: Sequence[_Case], *, templates: bool
) -> GateFound:
    if not cases:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        def build(app: cdk.App) -> None:
            for name, template in _templates(environment, cases).items():
                file = place / f"{name}.json"
                file.write_text(json.dumps(template), encoding="utf-8")
                # The rule about CDK's own bootstrap stack is in the template already.
                once = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
                stack = cdk.Stack(app, name, synthesizer=once)
                CfnInclude(stack, "Read", template_file=str(file))

        return _new(cases, synthesize(place / "out", build, templates=templates).findings)


def _by_scanners(environment: EnvironmentTemplates, cases: Sequence[_Case], _: str) -> GateFound:
    if not cases:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, template in _templates(environment, cases).items():
            (place / f"{name}.template.json").write_text(json.dumps(template), encoding="utf-8")
            (place / f"{name}.metadata.json").write_text("{}", encoding="utf-8")
        found = (*cfn_lint(place), *checkov(place))
    return _new(cases, [replace(f, environment=f.environment.split(".")[0]) for f in found])


def _templates(
    environment: EnvironmentTemplates, cases: Sequence[_Case]
) -> dict[str, dict[str, Any]]:
    """Those that are as they should be, and one for each case."""
    sound = {f"Sound{stack}": template for stack, template in environment.templates.items()}
    return sound | {
        f"Case{number}": case.environment.templates[case.stack] for number, case in enumerate(cases)
    }


def _new(cases: Sequence[_Case], findings: Iterable[ToolFinding]) -> GateFound:
    """What is found in a sound template too says nothing of a case."""
    by_template: dict[str, set[tuple[str, str]]] = {}
    for finding in findings:
        by_template.setdefault(finding.environment, set()).add((finding.rule, finding.path))
    found = {}
    for number, case in enumerate(cases):
        known = by_template.get(f"Sound{case.stack}", set())
        if new := by_template.get(f"Case{number}", set()) - known:
            found[case.weakening.property] = min(rule for rule, _ in new)
    return found
