"""The table of what the emulator does as AWS does it, held against the tests that show it."""

import ast
import re

from house_files import PYTHON, ROOT, tree

ROWS = 83
"""Behaviours that are known by now; a new one gets the next number."""
CANNOT = "cannot apply: "


def table():
    """(number, source, how sure, shown by) of each row."""
    text = (ROOT / "docs/emulator.md").read_text(encoding="utf-8")
    inside = text.partition("<!-- strictness -->")[2].partition("<!-- /strictness -->")[0]
    rows = [line.strip("| ").split(" | ") for line in inside.strip().splitlines()[2:]]
    assert all(len(row) == 5 for row in rows), [row[0] for row in rows if len(row) != 5]
    return [(int(number), source, sure, shown) for number, _, source, sure, shown in rows]


def named(shown):
    return set(re.findall(r"`(\w+)`", shown))


def functions(path):
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}


def strict_tests():
    files = [path for path in PYTHON if path.startswith("tests/flow/test_strict_")]
    assert len(files) >= 4
    return {name for path in files for name in functions(path) if name.startswith("test_")}


def test_every_behaviour_has_a_row():
    assert [number for number, *_ in table()] == list(range(1, ROWS + 1))


def test_every_row_has_a_source_and_says_how_sure_it_is():
    for number, source, sure, _ in table():
        assert re.search(r"\]\(https://[^)]+\)", source), number
        assert {"run", "doc", "report", "inferred"} & set(re.findall(r"\w+", sure)), number


def test_every_row_is_shown_by_a_test_or_has_its_reason():
    for number, _, _, shown in table():
        reason = shown.startswith(CANNOT) and len(shown) > len(CANNOT)
        assert named(shown) or reason, number


def test_what_is_said_to_show_a_row_exists():
    there = {
        name
        for path in PYTHON
        if path.startswith(("tests/", "review/checks/"))
        for name in functions(path)
    }
    said = {name for *_, shown in table() for name in named(shown)}
    assert said - there == set()


def test_every_test_of_strictness_is_in_the_table():
    said = {name for *_, shown in table() for name in named(shown)}
    assert strict_tests() - said == set()
