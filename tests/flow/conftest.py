"""One emulated account for all flow tests, with `dev` deployed to it by the real CDK."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import stages
from accounts import World, subscribed
from strict import Stage

from emulator.deploy import Deployer
from tuning.cli.account import Account

LAST = "test_uses_of_permissions.py"
"""Looks back at what all the others did."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--new-account", action="store_true", help="with the quotas of a new account")
    part = parser.getgroup("part").addoption
    part("--shared", action="store_true", help="only what uses the account that all share")
    part("--apart", action="store_true", help="only what has accounts of its own, or none")


def pytest_configure(config: pytest.Config) -> None:
    about = "needs what a new account has not, for this reason: left out with --new-account"
    config.addinivalue_line("markers", f"established_account(reason): {about}")
    stages.choose(new_account=config.getoption("--new-account", default=False))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)
    left_out, kept = [], []
    for item in items:
        (left_out if _of_the_other_part(config, item) else kept).append(item)
    config.stash[stages.OTHER_PART] = {
        (item.path.name, item.name.partition("[")[0]) for item in left_out
    }
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
    for item in items:
        if stages.new_account() and (mark := item.get_closest_marker("established_account")):
            item.add_marker(pytest.mark.skip(reason=f"--new-account: {mark.kwargs['reason']}"))


def pytest_sessionstart() -> None:
    """A shell that starts us in the background has us ignore Ctrl-C, and all whom we start with us."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _of_the_other_part(config: pytest.Config, item: pytest.Item) -> bool:
    """The two parts together are all, and may run beside each other."""
    if item.path.parent != Path(__file__).parent:
        return False
    shared = "world" in getattr(item, "fixturenames", ())
    return config.getoption("--apart") if shared else config.getoption("--shared")


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    pace = {"phase_seconds": 0.1, "wait_scale": 0.002, "role_seconds": 3}
    with stages.running(**pace, enforce=True) as instance:
        deployer = Deployer(instance=instance, say=lambda _line: None)
        deployer.bootstrap(["us-east-1"])
        outputs = deployer.deploy(["dev/*"])["dev-Training"]
        account = Account(client=deployer.client, outputs=outputs)
        yield World(account=account, instance=instance, inbox=subscribed(deployer.client, outputs))


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """An emulator for a module alone, with the settings that it has under STAGE."""
    with stages.running(**getattr(request.module, "STAGE", {})) as instance:
        yield Stage(instance)


@pytest.fixture
def standing_still(world: World) -> Iterator[None]:
    """Jobs begin to train, and get no further."""
    world.instance.add_fault(kind="stall", phase="Training")
    yield
    world.instance.clear_faults()
