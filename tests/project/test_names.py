"""One word for one thing: what is called alike, and what nothing may be called any more."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from house_files import ANYTHING, PYTHON, ROOT, files, room, tree

PORTS = {"Callers", "Events", "Network", "Objects", "Roles", "Scope"}
"""What the emulated Bedrock needs of its surroundings, and what gives it: a protocol and its implementation."""
SAME_TYPE_NAME = PORTS | {
    "Fault",  # of a record, and of an AWS call: to be one word less
    "Finding",  # about a dataset, and about an account
    "Outcome",  # of a run, and of a question about an account
    "Report",  # on a dataset, and the reconciler's action of that name in its log
}


def test_a_type_has_a_name_of_its_own():
    """Public classes and type aliases: a reader who meets one knows which is meant. Functions are named
    within their module, which their callers write beside them.
    """
    places = defaultdict(set)
    for path in PYTHON:
        if room(path) not in ANYTHING:
            for name in defined(path):
                if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
                    places[name].add(path)
    twice = {name for name, paths in places.items() if len(paths) > 1}
    assert twice - SAME_TYPE_NAME == set()
    assert SAME_TYPE_NAME - twice == set()


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
