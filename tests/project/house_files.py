"""The files of the repository, their rooms and their syntax trees, for the rules of the house."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Who may import whom: arrows point inward only. The domain is every folder of `tuning/` that is not a room
# of its own; it imports nothing but itself.
ARROWS = {
    "domain": set(),
    # A room of the domain of which the emulator takes a part: how a text is judged, which AWS says nowhere.
    "tuning/guardrails": {"domain"},
    "tuning/aws": {"domain", "tuning/guardrails"},
    "tuning/cli": {"domain", "tuning/guardrails", "tuning/aws"},
    "tuning/constructs": {"domain", "tuning/guardrails"},
    "lambdas": {"domain", "tuning/aws"},
    "stacks": {"domain", "tuning/constructs"},
    "diagrams": {"domain", "tuning/constructs", "stacks"},
    "review": {
        "domain",
        "tuning/guardrails",
        "tuning/constructs",
        "stacks",
        "diagrams",
        "emulator",
    },
    "emulator": {"tuning/guardrails"},
    "demo": {"emulator", "domain", "tuning/cli"},
    "samples": {"domain", "tuning/constructs"},
    "hatch_build.py": {"domain", "tuning/constructs"},
    "app.py": {"domain", "tuning/constructs", "stacks"},
}
ANYTHING = {"tests", "benchmarks"}
OUTER = {*ARROWS, *ANYTHING}


@cache
def files():
    """Every file of the repository, and every new one that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 — fixed words
    return tuple(sorted(path for line in listed.splitlines() if (path := ROOT / line).is_file()))


PYTHON = [path.relative_to(ROOT).as_posix() for path in files() if path.suffix == ".py"]


def room(path):
    parts = path.split("/")
    if parts[0] != "tuning":
        return parts[0]
    inner = "/".join(parts[:2]).removesuffix(".py")
    return "tuning/cli" if inner == "tuning/__main__" else inner if inner in ARROWS else "domain"


@cache
def tree(path):
    return ast.parse((ROOT / path).read_text("utf-8"), path)


@cache
def nodes(path):
    return tuple(ast.walk(tree(path)))
