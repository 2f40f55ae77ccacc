"""`make quick` leaves out what takes long, says so, and finds out what takes long and is not marked."""

import shutil
import subprocess
import sys

import pytest
from house_files import ROOT

TESTS = """
import subprocess, sys, time

import pytest
from hypothesis import given, strategies


def spend():
    began = time.process_time()
    while time.process_time() < began + 1.2:
        pass


def test_at_once(): ...


@pytest.mark.thorough
def test_marked():
    spend()


@given(strategies.integers())
def test_drawn(number): ...
"""


@pytest.fixture
def tested(tmp_path):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)

    def run(*options, more=""):
        (tmp_path / "test_it.py").write_text(TESTS + more, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "--rootdir", str(tmp_path), "-rA", *options]
        return subprocess.run(  # noqa: S603 — our own words
            [*command, "--strict-markers", "-p", "no:cacheprovider", str(tmp_path)],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        ).stdout

    return run


def test_all_are_run_without_it(tested):
    said = tested()
    assert "3 passed" in said
    assert "left out" not in said


def test_what_is_marked_or_drawn_is_left_out_and_counted(tested):
    said = tested("--quick")
    assert "1 passed, 2 deselected" in said
    assert "left out: 2 tests that search, measure or start processes; make unit runs them" in said


@pytest.mark.parametrize("where", ["spend()", "subprocess.run([sys.executable, '-c', BUSY])"])
def test_what_takes_long_and_is_not_marked_is_named_and_does_not_fail(tested, where):
    busy = "BUSY = 'import time\\nwhile time.process_time() < 1.2: pass'\n"
    more = f"\n\n{busy}\ndef test_long():\n    {where}\n"
    said = tested("--quick", more=more)
    assert "test_it.py::test_long took 1." in said
    assert "mark it thorough" in said
    assert "2 passed, 2 deselected" in said
    assert "mark it" not in tested(more=more)


def test_make_quick_leaves_them_out_and_nothing_else_does():
    """Two lanes beside each other, which together have every unit test."""
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    assert "\t$(BIN)/pytest tests/unit" in lines
    assert "\t@$(SIDE_BY_SIDE) lint types quick-files quick-rooms" in lines
    assert [line for line in lines if "--quick" in line] == [
        "\t$(BIN)/pytest --quick tests/unit/test_*.py",
        "\t$(BIN)/pytest --quick tests/unit --ignore-glob='tests/unit/test_*.py'",
    ]
