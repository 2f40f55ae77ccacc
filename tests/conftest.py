"""What holds for every test, and what `make quick` leaves out."""

import os

import pytest
from hypothesis import is_hypothesis_test, settings

# A test that fails because the machine is busy says nothing about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SECONDS = 1.0
"""Of processor time, of a test that is not marked: who takes more is named after `make quick`, and
fails nowhere, for it is also a matter of the machine."""
MARK = "thorough"
LEFT_OUT = pytest.StashKey[int]()
SLOW = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    about = f"without tests that are marked {MARK}, and names those that should be"
    parser.getgroup("quick").addoption("--quick", action="store_true", help=about)


def pytest_configure(config):
    about = "it searches, measures or starts processes; all that draw their examples have it"
    config.addinivalue_line("markers", f"{MARK}: {about}")
    config.stash[SLOW] = []


def pytest_collection_modifyitems(config, items):
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(MARK)
    if config.getoption("--quick"):
        left_out = [item for item in items if item.get_closest_marker(MARK)]
        config.stash[LEFT_OUT] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(MARK)]


def pytest_terminal_summary(terminalreporter, config):
    if number := config.stash.get(LEFT_OUT, 0):
        said = (
            f"left out: {number} tests that search, measure or start processes; make unit runs them"
        )
        terminalreporter.write_line(said)
    for slow in config.stash[SLOW]:
        terminalreporter.write_line(slow)


def _spent():
    """Processor time: of a busy machine's clock it says nothing."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    began = _spent()
    result = yield
    spent = _spent() - began
    if item.config.getoption("--quick") and spent > SECONDS:
        words = f"took {spent:.1f} s of processor time: mark it {MARK}, or have it do less"
        item.config.stash[SLOW].append(f"{item.nodeid} {words}")
    return result
