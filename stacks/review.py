"""The stacks review themselves at synth; what is accepted nevertheless stands in `accepted.toml`.

cdk-nag writes `validation-report.json` beside the templates. Ids are qualified (`Pack::Rule`): the
short form would hide a finding from that report.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from stacks.bundle import PYTHON
from stacks.deployment import Deployment
from stacks.door import functions_code


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One finding that is known, on one construct, with the reason why it stands."""

    rule: str
    """A qualified id; `{region}`, `{datasets}`, `{prepared}` and `{artifacts}` are filled in."""
    path: str
    """Below the environment, such as `Training/JobRole/DescribePolicy`."""
    reason: str


def accepted() -> list[Accepted]:
    table = tomllib.loads(files("stacks").joinpath("accepted.toml").read_text(encoding="utf-8"))
    return [Accepted(**row) for row in table["accepted"]]


def review(app: cdk.App) -> None:
    """Check everything under `app` at synth, with the accepted findings marked as such."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
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
    names = {"region": environment.region, **environment.bucket_imports()}
    rows = accepted()
    for path in dict.fromkeys(row.path for row in rows):
        validations = cdk.Validations.of(_find(environment, path))
        for row in rows:
            if row.path == path:
                rule = row.rule.format(**names)
                validations.acknowledge(cdk.Acknowledgment(id=rule, reason=row.reason))


def _find(root: IConstruct, path: str) -> IConstruct:
    """Raises when nothing stands at `path`, so that no row outlives what it speaks of."""
    found = root
    for name in path.split("/"):
        found = found.node.find_child(name)
    return found
