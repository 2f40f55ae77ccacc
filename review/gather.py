"""Everything that is looked at for a review, from one synthesis. The slow parts run side by side, the
longest from the beginning: the random configurations, which need nothing of the others.
"""

import json
import platform
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import app
from diagrams.pictures import pictures
from review import costs, decide
from review.evidence import Commit, Equivalent, Evidence
from review.findings import judgement_on
from review.gates import weakened
from review.history import git, history
from review.measures import FEWEST_CONFIGURATIONS
from review.permission_table import reviewed_table, table
from review.sampled_configs import drawn
from review.scanners import cfn_lint, checkov
from review.space import SEED, configurations
from review.synthesis import CHECKOUT, control_tower, synthesize
from review.templates import EnvironmentTemplates
from review.threats import threat_model
from tuning.constructs.acknowledgements import accepted

AT_ONCE = 2
"""Of which one is with the configurations all the time."""
_PACKAGES = ("aws-cdk-lib", "cdk-nag", "cdklabs.cdk-validator-cfnguard", "cfn-lint")
_NODE_PACKAGES = ("aws-cdk", "@cloud-copilot/iam-simulate")

T = TypeVar("T")
Noting = Callable[[str], None]
"""Gets the name of each step when it is done."""


def gather(folder: Path, note: Noting) -> Evidence:
    """`folder` is empty; the cloud assembly goes there."""
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def start(what: str, work: Callable[[], T]) -> Future[T]:
            return pool.submit(_noted, work, what, note)

        space = start("random configurations", lambda: configurations(FEWEST_CONFIGURATIONS))
        past = start("history", lambda: history(CHECKOUT))
        # CDK is spoken to by one thread at a time: this one.
        synthesized = synthesize(folder, app.build, templates=True)
        note("templates, cdk-nag, the CDK's validator, Control Tower's rules")
        environments = [EnvironmentTemplates.of(folder, name) for name in synthesized.rows]
        # The policies of all environments are alike; the decision table is complete for the first.
        reviews = [
            start(
                f"decisions in {one.name}",
                lambda one=one, first=not number: decide.review_decisions(  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                    one, region=_region(one), mutated=first
                ),
            )
            for number, one in enumerate(environments)
        ]
        linted = start("cfn-lint", lambda: list(cfn_lint(folder)))
        checked = start("checkov", lambda: list(checkov(folder)))
        first = environments[0]
        weaker = _noted(lambda: weakened(first, region=_region(first)), "weakened templates", note)
        findings = [*synthesized.findings, *linted.result(), *checked.result()]
        return Evidence(
            commit=_commit(),
            versions=dict(_versions()),
            judgements=[judgement_on(e, findings, rows) for e, rows in synthesized.rows.items()],
            table=accepted(),
            guard_rules=len(control_tower()),
            permissions={one.name: table(one) for one in environments},
            reviewed_permissions=reviewed_table("permissions.toml")[0],
            reviews=[review.result() for review in reviews],
            equivalents=[
                Equivalent(**row)
                for row in tomllib.loads(_text("review/equivalent.toml"))["change"]
            ],
            space=space.result(),
            drawn=[str(one) for one in drawn(FEWEST_CONFIGURATIONS, seed=SEED)],
            weakened=weaker,
            threats=threat_model(_text("docs/security.md")),
            history=past.result(),
            bills=[costs.idle(one) for one in environments],
            templates={
                p.name: p.read_text("utf-8") for e in environments for p in e.files.values()
            },
            pictures=pictures(environments[0].templates),
        )


def _noted(work: Callable[[], T], what: str, note: Noting) -> T:
    result = work()
    note(what)
    return result


def _region(environment: EnvironmentTemplates) -> str:
    """`aws://unknown-account/us-east-1`, of any of its stacks."""
    stack = environment.files["Network"].name.removesuffix(".template.json")
    place: str = environment.manifest["artifacts"][stack]["environment"]
    return place.rpartition("/")[2]


def _commit() -> Commit:
    commit, date = git(CHECKOUT, "log", "-1", "--format=%H %cs").split()
    return Commit(id=commit, date=date, changed=bool(git(CHECKOUT, "status", "--porcelain")))


def _versions() -> Iterator[tuple[str, str]]:
    yield "Python", platform.python_version()
    for package in _PACKAGES:
        yield package, version(package)
    pins = _text("review/checkov.txt").splitlines()
    yield "checkov", next(p for p in pins if p.startswith("checkov==")).partition("==")[2]
    locked: Mapping[str, Mapping[str, str]] = json.loads(_text("package-lock.json"))["packages"]
    for package in _NODE_PACKAGES:
        yield package, locked[f"node_modules/{package}"]["version"]


def _text(path: str) -> str:
    return (CHECKOUT / path).read_text(encoding="utf-8")
