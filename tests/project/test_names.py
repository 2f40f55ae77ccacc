"""One word for one thing: what is called alike, and what nothing may be called any more."""

import ast
import re
from collections import defaultdict

from house_files import ANYTHING, PYTHON, room, tree

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
