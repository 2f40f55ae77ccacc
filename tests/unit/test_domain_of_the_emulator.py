"""What the emulator takes of the domain: its environment has none of our libraries (emulator/requirements.txt)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def taken():
    """Modules of the domain that the emulator imports."""
    found = set()
    for path in (ROOT / "emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tuning"):
                found.add(node.module)
    return sorted(found)


def packages(program):
    command = [sys.executable, "-c", f"import sys; {program}; print(*sys.modules)"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 — our own words
    return {module.partition(".")[0] for module in done.stdout.split()}


@pytest.mark.thorough
def test_what_the_emulator_takes_of_the_domain_loads_no_library():
    modules = taken()
    assert modules
    loaded = packages(f"import {', '.join(modules)}") - packages("pass")
    assert loaded - sys.stdlib_module_names == {"tuning"}
