"""The stacks review themselves at synth; what is accepted nevertheless stands in `accepted.toml`.

Six packs of cdk-nag and CDK's own validator write `validation-report.json` beside the templates.
They cost a quarter of a second; what costs more runs in `review/`, on the same table. Ids are
qualified (`Pack::Rule`): the short form would hide a finding from that report.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import aws_cdk as cdk
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R4Checks,
    NIST80053R5Checks,
    PCIDSS321Checks,
    ServerlessChecks,
)
from constructs import IConstruct

from stacks.deployment import Deployment
from tuning.constructs.bundle import PYTHON
from tuning.constructs.config import Config
from tuning.constructs.function import functions_code

PACKS = (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R4Checks,
    NIST80053R5Checks,
    PCIDSS321Checks,
    ServerlessChecks,
)
OTHER_TOOLS = ("cfn-lint::", "checkov::")
"""Whose findings CDK does not know; their rows are held against them in `review/`."""

_WHEN: Mapping[str, Callable[[Config], bool]] = {
    "": lambda _: True,
    "nodes talk": lambda config: config.job_nodes_talk,
    "grants undeclared": lambda config: not config.perimeter.grants_declared,
    "nothing reserved": lambda config: config.reserved_concurrency is None,
}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One decision: a finding that is known, on one construct, with the reason why it stands."""

    path: str
    """Below the environment, such as `Storage/Default/AccessLogs`."""
    rules: tuple[str, ...]
    """Qualified ids, one for each tool or pack that finds the same. `{region}`, `{datasets}`,
    `{prepared}` and `{artifacts}` are filled in."""
    reason: str
    evidence: str
    """Where whoever imposes it says so."""
    owner: str
    """Who answers for it."""
    when: str = ""
    """The setting that the row depends on, one of `_WHEN`."""


def accepted() -> list[Accepted]:
    """The whole table."""
    table = tomllib.loads(files("stacks").joinpath("accepted.toml").read_text(encoding="utf-8"))
    return [Accepted(**{**row, "rules": tuple(row["rules"])}) for row in table["accepted"]]


def accepted_in(environment: Deployment) -> list[Accepted]:
    """The rows that apply to one environment, with its own names filled in."""
    names = {
        "environment": environment.node.id,
        "region": environment.region,
        **environment.bucket_imports(),
    }
    return [
        Accepted(
            path=row.path,
            rules=tuple(rule.format(**names) for rule in row.rules),
            reason=row.reason,
            evidence=row.evidence,
            owner=row.owner,
            when=row.when,
        )
        for row in accepted()
        if _WHEN[row.when](environment.config)
    ]


def review(app: cdk.App) -> None:
    """Check everything under `app` at synth, with the accepted findings marked as such."""
    cdk.Validations.of(app).add_plugins(*(pack(app) for pack in PACKS))
    for environment in app.node.children:
        if isinstance(environment, Deployment):
            _accept(environment)
    if not functions_code(app).compiled:
        cdk.Annotations.of(app).add_warning_v2(
            "tuning:NotCompiled",
            f"No Python {PYTHON} was found to compile the functions with: cold starts will take "
            f"about twice as long. To mend it: .venv/bin/uv python install {PYTHON}",
        )


def _accept(environment: Deployment) -> None:
    rows = accepted_in(environment)

    @cache
    def find(path: str) -> IConstruct:
        """Raises when nothing stands at `path`, so that no row outlives what it speaks of."""
        ahead, _, name = path.rpartition("/")
        return (find(ahead) if ahead else environment).node.find_child(name)

    for path in dict.fromkeys(row.path for row in rows):
        acknowledged = [
            cdk.Acknowledgment(id=rule, reason=row.reason)
            for row in rows
            if row.path == path
            for rule in row.rules
            if not rule.startswith(OTHER_TOOLS)
        ]
        cdk.Validations.of(find(path)).acknowledge(*acknowledged)
