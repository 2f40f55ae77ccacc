"""The configuration space: whatever `Config` lets through is clean, not only what `app.py` says.

Each drawn configuration is an app of its own. Hypothesis draws them, and makes one that breaks as simple
as can be; processes, each with a CDK of its own, search side by side.
"""

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import aws_cdk as cdk
from jsii.errors import JSIIError

from review.drawn_configs import Drawn, searched
from review.findings import ToolFinding, judgement_on
from review.limits import exceeded
from review.sampled_configs import covering
from review.synthesis import NO_STAGING, synthesize
from review.templates import EnvironmentTemplates
from stacks.deployment import Deployment
from tuning.constructs.acknowledgements import OTHER_TOOLS, Accepted
from tuning.errors import TuningError

PROCESSES = 2
SEED = 2026
_TEMPLATES = "CloudFormation-Validate::"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A configuration in which something is found, or accepted in vain."""

    configuration: Drawn
    """Made as simple as it can be and still show it."""
    findings: tuple[ToolFinding, ...]
    stale: tuple[tuple[str, str], ...]
    """Path and rule of what is accepted and not found."""
    error: str = ""
    """What was raised, when it could not even be synthesized."""

    def __str__(self) -> str:
        said = [f"{f.rule} on {f.path}: {f.text}" for f in self.findings]
        said += [f"stale: {rule} on {path}" for path, rule in self.stale]
        said += [self.error] if self.error else []
        files = [f"recipes/{n}.toml:\n{t}" for n, t in self.configuration.recipes.items()]
        beside = [f"assistants/{n}.toml:\n{t}" for n, t in self.configuration.assistants.items()]
        shown = (*(f"  {line}" for line in said), *files[:1], *beside[:1])
        return "\n".join([str(self.configuration), *shown])


class BrokenError(Exception):
    """Ends the search; hypothesis then makes the configuration simpler."""


@dataclass(frozen=True, kw_only=True)
class Result:
    count: int
    findings: tuple[Broken, ...]
    seconds: float


def configurations(
    count: int, *, seed: int = SEED, templates: bool = False, processes: int = PROCESSES
) -> Result:
    """Hold `count` drawn configurations against cdk-nag's packs and the sizes that AWS takes;
    `templates` adds CDK's validator and Control Tower's rules, which take seconds each.
    """
    began = time.monotonic()
    given = covering()[:count]
    shares = [given[n::processes] for n in range(processes)]
    left = [
        (count - len(given)) // processes + (n < (count - len(given)) % processes)
        for n in range(processes)
    ]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        search = partial(_search, templates=templates)
        found = list(pool.map(search, shares, left, range(seed, seed + processes)))
    broken = tuple(simplest for _, simplest in found if simplest)
    asked = sum(number for number, _ in found)
    return Result(count=asked, findings=broken, seconds=time.monotonic() - began)


def _search(
    given: Sequence[Drawn], count: int, seed: int, *, templates: bool
) -> tuple[int, Broken | None]:
    """How many were asked about, `given` and `count` others, and the simplest that is broken, if any."""
    asked, broken = 0, None

    def ask(one: Drawn) -> None:
        nonlocal asked, broken
        asked += 1
        if found := check_drawn(one, templates=templates):
            broken = found
            raise BrokenError(str(found))

    try:
        for one in given:
            ask(one)
        if count:
            searched(ask, count, seed=seed)
    except BrokenError:
        return asked, broken
    return asked, None


def check_drawn(one: Drawn, *, templates: bool = False) -> Broken | None:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        try:
            return _check(one, Path(folder) / "out", templates=templates)
        except (JSIIError, LookupError, RuntimeError, TuningError, TypeError, ValueError) as error:
            failure = f"{type(error).__name__}: {error}"
            return Broken(configuration=one, findings=(), stale=(), error=failure)


def _check(one: Drawn, out: Path, *, templates: bool) -> Broken | None:
    config = one.config()

    def build(app: cdk.App) -> None:
        Deployment(app, one.name, config=config)

    reviewed = synthesize(out, build, templates=templates, context=NO_STAGING)
    asked = [_asked(row, templates=templates) for row in reviewed.rows[one.name]]
    judgement = judgement_on(one.name, reviewed.findings, asked)
    large = exceeded(EnvironmentTemplates.of(out, one.name), region=config.region)
    findings = (*judgement.open, *large)
    stale = tuple((row.path, rule) for row, rule in judgement.stale)
    if findings or stale:
        return Broken(configuration=one, findings=findings, stale=stale)
    return None


def _asked(row: Accepted, *, templates: bool) -> Accepted:
    """The row without the rules of tools that were not asked."""
    silent = OTHER_TOOLS if templates else (*OTHER_TOOLS, _TEMPLATES)
    rules = tuple(rule for rule in row.rules if not rule.startswith(silent))
    return Accepted(**{**vars(row), "rules": rules})
