"""Benchmarks are run by hand: without this nobody would notice that one cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.mark.thorough
def test_every_benchmark_finds_what_it_imports_as_the_makefile_starts_it():
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py"))
    assert len(names) > 10
    found = subprocess.run(  # noqa: S603 — our own interpreter
        [sys.executable, "-c", "; ".join(f"import {name}" for name in names)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{BENCHMARKS}{os.pathsep}{ROOT}"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
