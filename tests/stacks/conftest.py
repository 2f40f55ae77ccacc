"""One synthesis a session for the fast tests; the whole app in processes of its own, beside it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import aws_cdk as cdk
import pytest
from assisted import KNOWLEDGE, reviewed
from imported import reviewed_imports
from machines import definition
from opted_stack import Opted
from stubbed_bundle import stub_bundle
from tested_configs import DEV, OPENED, RICH
from tooled import reviewed_tools
from whole_app import ROOT, Running, Synthesis, start

from review.synthesis import CONTEXT
from review.templates import EnvironmentTemplates
from stacks.deployment import Deployment
from tuning.constructs import bundle


@pytest.fixture(scope="session", autouse=True)
def _at_the_root() -> Iterator[None]:
    """Where the CDK CLI runs `app.py`; recipes are read from there."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


@pytest.fixture(scope="session", autouse=True)
def _beside(request, tmp_path_factory) -> Iterator[dict[str, Running]]:
    """The processes that the selected tests will look at, started first and awaited last."""
    bundle.build_bundle(
        "lambda"
    )  # from the network when it is not there yet, which the processes lack
    wanted = {name for item in request.session.items for name in item.fixturenames}
    folder = tmp_path_factory.mktemp("whole")
    wrong = folder / "wrong.py"
    right = (ROOT / "app.py").read_text("utf-8")
    wrong.write_text(right.replace("us-east-1", "eu-central-1"), encoding="utf-8")
    runs = {
        "whole_app": lambda: start(folder / "out"),
        "whole_app_again": lambda: start(
            folder / "elsewhere", CDK_VALIDATION="false", PYTHONHASHSEED="7"
        ),
        "wrong_app": lambda: start(folder / "nowhere", program=wrong),
    }
    running = {name: run() for name, run in runs.items() if name in wanted}
    yield running
    for run in running.values():
        if run.child.poll() is None:
            run.child.kill()
            run.child.communicate()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def whole_app(_beside) -> Synthesis:
    """`app.py` with cdk-nag and the built-in validator."""
    return _beside["whole_app"].end()


@pytest.fixture(scope="session")
def whole_app_again(_beside) -> Synthesis:
    return _beside["whole_app_again"].end()


@pytest.fixture(scope="session")
def wrong_app(_beside) -> Synthesis:
    """`app.py` with a Region that it cannot have."""
    return _beside["wrong_app"].end()


@pytest.fixture(scope="session")
def assembly(_at_the_root, tmp_path_factory) -> Iterator[Path]:
    """`dev` and `rich` for Lambda, `laptop` as `dev` for the emulator, `opened`. No network, no validator."""
    folder = tmp_path_factory.mktemp("assembly")
    with pytest.MonkeyPatch.context() as patch:
        stub_bundle(patch, folder)
        for name, context in {
            "lambda": {},
            "laptop": {"functions": "laptop"},
            "opened": {},
        }.items():
            app = cdk.App(
                outdir=str(folder / name),
                context={**CONTEXT, **context},
                builtin_cloud_formation_validation=False,
            )
            Deployment(app, "dev", config=OPENED if name == "opened" else DEV)
            if name == "lambda":
                Deployment(app, "rich", config=RICH)
            app.synth()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def dev(assembly) -> EnvironmentTemplates:
    return EnvironmentTemplates.of(assembly / "lambda", "dev")


@pytest.fixture(scope="session")
def rich(assembly) -> EnvironmentTemplates:
    return EnvironmentTemplates.of(assembly / "lambda", "rich")


@pytest.fixture(scope="session")
def laptop(assembly) -> EnvironmentTemplates:
    return EnvironmentTemplates.of(assembly / "laptop", "dev")


@pytest.fixture(scope="session", params=["dev", "rich"])
def environment(request) -> EnvironmentTemplates:
    found: EnvironmentTemplates = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def opted(_at_the_root, tmp_path_factory) -> Callable[[str], Opted]:
    """Environments that ask for more than others, each made when it is first asked for."""

    @cache
    def made(name: str) -> Opted:
        folder = tmp_path_factory.mktemp(name)
        match name:
            case "imported":
                found = reviewed_imports(folder, templates=True)
                return Opted(name=name, region="us-west-2", reviewed=found)
            case "tooled":
                found = reviewed_tools(folder, templates=True)
            case "documented":
                found = reviewed(folder, name, knowledge=KNOWLEDGE, templates=True)
            case _:
                found = reviewed(folder, name, templates=True)
        return Opted(name=name, region="us-east-1", reviewed=found)

    return made


@pytest.fixture(scope="session")
def assisted(opted) -> EnvironmentTemplates:
    return opted("assisted").environment


@pytest.fixture(scope="session")
def docs(opted) -> EnvironmentTemplates:
    return opted("documented").environment


@pytest.fixture(scope="session")
def tooled(opted) -> EnvironmentTemplates:
    return opted("tooled").environment


@pytest.fixture(scope="session")
def imported(opted) -> EnvironmentTemplates:
    return opted("imported").environment


@pytest.fixture(scope="session")
def states(dev):
    return definition(dev)["States"]


@pytest.fixture(scope="session")
def destroyed(assembly):
    """Asks the CDK command line what `cdk destroy` would take along; without a terminal it goes no further."""

    @cache
    def drawn(stacks: tuple[str, ...], *, opened: bool) -> set[str]:
        chosen = str(assembly / ("opened" if opened else "lambda"))
        answer = subprocess.run(  # noqa: S603 — our own words
            [str(ROOT / "node_modules/.bin/cdk"), "destroy", *stacks, "--app", chosen],
            env={**os.environ, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        said = answer.stdout + answer.stderr
        assert "terminal (TTY) is not attached" in said, said
        found = re.search(r"Including depending stacks: (.+)", said)
        return set(found[1].split(", ")) if found else set()

    return drawn
