"""One word for one thing: what is called alike, and what nothing may be called any more."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from house_files import ANYTHING, PYTHON, ROOT, files, nodes, room, tree

NOT_THE_PRODUCT = ANYTHING | {"samples"}
SAME_NAME = {
    # What calls these finds them by that name in a module that it is told of.
    "handler": "lambdas/",  # Lambda's
    "install": "emulator/extensions/",  # of each extension, by the package they are in
}


def test_a_public_name_is_defined_once():
    """Classes, functions and constants of modules: a reader who meets one knows which is meant, with or
    without its module before it. What only its own module uses begins with an underscore and is free.
    """
    places = defaultdict(set)
    for path in PYTHON:
        if room(path) not in NOT_THE_PRODUCT:
            for name in defined(path):
                if not name.startswith("_") and not path.startswith(SAME_NAME.get(name, "/")):
                    places[name].add(path)
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def defined(path):
    """The names that a module gives at its top level."""
    for node in tree(path).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name


# What the glossary says instead: function or handler, alarm fires, metrics, wildcard permissions, progress
# bar or job status, not notified.
RETIRED = {"door", "rings", "rung", "gauge", "headway", "unscoped", "untold"}
KEPT = {
    ("tuning/runs/former_version.py", "untold"): "a value that the first version stored",
    ("tests/unit/test_former_version.py", "untold"): "idem",
}


def retired_words(text):
    """Also within an identifier, and in the plural."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
    return {word for word in words if word in RETIRED or word.removesuffix("s") in RETIRED}


def test_no_retired_word_is_left_in_code_or_documents():
    found = {
        (path.relative_to(ROOT).as_posix(), word)
        for path in files()
        if path.suffix in (".py", ".md", ".toml") and path != Path(__file__)
        for word in retired_words(f"{path.stem} {path.read_text('utf-8')}")
    }
    assert found - KEPT.keys() == set()
    assert KEPT.keys() - found == set()


# Words that English needs elsewhere: retired as names in code, and from messages as phrases.
RETIRED_NAMES = {"told", "tells", "stands", "ending", "endings"}
FIXED_NAMES = {("tests/flow/test_emulator_cli.py", "ending")}  # of a program's text, its last lines
RETIRED_PHRASES = re.compile(
    r"\bis no [a-z-]+ address|\bis rung\b|leave to spend|[Hh]as it a\b|could not be told|\b[Mm]end(?:s|ed)?\b|\b[Ww]hoever\b|\bof ours\b"
)


def names_in(path):
    for node in nodes(path):
        for field in ("id", "attr", "arg", "name"):
            if isinstance(name := getattr(node, field, None), str):
                yield name


def test_no_retired_word_is_left_in_the_names_of_code():
    found = {
        (path, word)
        for path in PYTHON
        if path != "tests/project/test_names.py"
        for name in names_in(path)
        for word in re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
        if word in RETIRED_NAMES
    }
    assert found - FIXED_NAMES == set()
    assert FIXED_NAMES - found == set()


def test_no_retired_phrase_is_left_in_documents_and_messages():
    """Decisions and the changelog are history."""
    found = [
        f"{name}: {match.group()}"
        for path in files()
        if (name := path.relative_to(ROOT).as_posix()) != "CHANGELOG.md"
        if not name.startswith(("tests/", "docs/decisions/", "benchmarks/"))
        if path.suffix in (".py", ".md", ".toml", ".json")
        for match in RETIRED_PHRASES.finditer(path.read_text("utf-8"))
    ]
    assert found == []


POLLING = (
    "tuning/runs/",
    "tuning/constructs/",
    "lambdas/",
    "docs/reliability.md",
    "docs/network.md",
)
LOOK = re.compile(
    r"\b(?:(?:next|last|one|a|each|every|latest) looks?|\d+ looks|looks? every|looked at every)\b"
)


def test_a_job_is_polled_not_looked_at():
    found = [
        f"{name}: {match.group()}"
        for path in files()
        if (name := path.relative_to(ROOT).as_posix()).startswith(POLLING)
        if path.suffix in (".py", ".md")
        for match in LOOK.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_a_retired_word_would_be_found():
    assert retired_words("test_a_door_is_thin and UntoldRuns") == {"door", "untold"}
    assert LOOK.search("24 hours, 85 looks")
    assert RETIRED_PHRASES.search("'you' is no e-mail address")
