"""The house keeps its rooms: who may import whom, how long a file may be, what it may be called."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from house_files import ARROWS, OUTER, PYTHON, ROOT, files, nodes, room, tree

AWS = {"boto3", "botocore"}
MAY_IMPORT_AWS = {"tuning/aws", "emulator", "samples", "tests"}
CDK = {"aws_cdk", "cdk_nag", "constructs"}
MAY_IMPORT_CDK = {"tuning/constructs", "stacks", "diagrams", "review", "app.py", "tests", "samples"}

BANNED_FOLDERS = {"common", "utils", "core", "helpers", "src"}
BANNED_WORDS = {"my", "main", "helper", "helpers", "utils", "common", "manager"}
# Spelt in two halves, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w/.:}])/" + r"(tmp|work|root|farm|home|Users)/[\w.]")
TEXTS = {".py", ".toml", ".json", ".md", ".txt", ".in", ".yml", ".yaml", ".cfg", ".sh", ""}


@cache
def imported(path):
    """The dotted names of all that a file imports, wherever in it."""
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def reached(path):
    """The rooms that a file imports, but its own."""
    ours = {name.replace(".", "/") for name in imported(path)}
    rooms = {room(name) for name in ours if name.split("/")[0] in {*OUTER, "tuning"}}
    return rooms - {room(path)}


def breaches(packages, allowed):
    return sorted(
        f"{path} imports {name}"
        for path in PYTHON
        if room(path) not in allowed
        for name in imported(path)
        if name.split(".")[0] in packages
    )


def test_every_room_has_its_arrows():
    assert {room(path) for path in PYTHON} - OUTER == set()


def test_only_adapters_and_emulator_call_aws():
    assert breaches(AWS, MAY_IMPORT_AWS) == []


def test_only_constructs_stacks_and_app_build_infrastructure():
    assert breaches(CDK, MAY_IMPORT_CDK) == []


def test_arrows_point_inward_only():
    outward = {
        f"{path} imports {other}"
        for path in PYTHON
        if room(path) in ARROWS
        for other in reached(path) - ARROWS[room(path)]
    }
    assert outward == set()


def test_clients_are_made_in_one_place():
    """So that tests can be sure that none reaches AWS. The sample is somebody else's application."""
    makers = {
        path
        for path in PYTHON
        if room(path) not in ("emulator", "tests", "benchmarks")
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        if node.attr == "create_client" or ast.unparse(node) in ("boto3.client", "boto3.resource")
    }
    assert makers == {"tuning/aws/clients.py", "samples/consumer/application/ask_model.py"}


def test_datasets_are_unpacked_and_begun_in_one_place():
    """gzip, and what is done about a byte order mark, for the checker and the converter alike."""
    readers = {
        path
        for path in PYTHON
        if path.startswith("tuning/datasets/")
        if {name.split(".")[0] for name in imported(path)} & {"gzip", "isal"}
        or any(
            isinstance(node, ast.Constant) and node.value == b"\xef\xbb\xbf" for node in nodes(path)
        )
    }
    assert readers == {"tuning/datasets/unpacking.py"}


SAME_NAME = {"__init__.py", "__main__.py", "conftest.py"}


def test_a_file_name_occurs_once():
    """But those that Python and pytest give a meaning."""
    names = Counter(Path(path).name for path in PYTHON)
    assert {name for name, n in names.items() if n > 1} - SAME_NAME == set()


def test_no_relative_import_hides_an_arrow():
    hidden = [
        path
        for path in PYTHON
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert hidden == []


def test_no_file_is_longer_than_three_hundred_lines():
    lengths = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in PYTHON}
    limits = {path: 330 if room(path) == "tests" else 300 for path in PYTHON}
    assert {p: n for p, n in lengths.items() if n > limits[p]} == {}


def statements(function):
    """Without the signature and the docstring, which may be as long as they have to be."""
    first, *rest = function.body
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return rest if is_docstring and rest else function.body


def test_a_function_can_be_seen_on_one_screen():
    lengths = {
        f"{path}:{node.name}": node.end_lineno - statements(node)[0].lineno + 1
        for path in PYTHON
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 50} == {}


def handlers():
    return [
        (path, node)
        for path in PYTHON
        if room(path) == "lambdas"
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]


def test_a_handler_is_thin():
    assert handlers()
    lengths = {path: node.end_lineno - node.lineno + 1 for path, node in handlers()}
    assert {path: lines for path, lines in lengths.items() if lines > 40} == {}


def test_a_handler_is_called_by_what_it_does():
    assert all("_" in Path(path).stem for path, _ in handlers())


def test_no_folder_or_module_has_a_name_that_says_nothing():
    folders = {part for path in files() for part in path.relative_to(ROOT).parts[:-1]}
    stems = {Path(path).stem for path in PYTHON}
    words = {word for stem in stems - {"__main__"} for word in stem.split("_")}
    assert folders & BANNED_FOLDERS == set()
    assert words & BANNED_WORDS == set()


def test_no_file_names_a_path_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        if path.suffix in TEXTS
        for match in [MACHINE_PATH.search(path.read_text("utf-8", "replace"))]
        if match
    ]
    assert found == []


@pytest.mark.parametrize("text", ["/" + "tmp/x", '"/' + 'work/x"', "=/" + "root/.cache"])
def test_a_path_of_one_machine_would_be_found(text):
    assert MACHINE_PATH.search(text)


def test_no_file_names_the_host_of_a_package_registry():
    """Where packages come from is the business of the machine that installs them."""
    hosts = re.compile(r"\b(?:py[p]i\.org|pythonhoste[d]\.org|npmj[s]\.(?:org|com))\b")
    assert [str(p) for p in files() if hosts.search(p.read_text("utf-8", "replace"))] == []


def test_no_account_number_but_the_documentations_own():
    allowed = {"0" * 12, "123456789012", "111122223333"}
    number = re.compile(r"(?:arn:aws[\w-]*:[\w-]*:[\w-]*:|[Aa]ccount\D{1,4})(\d{12})\b")
    found = {
        match
        for path in files()
        if path.suffix in TEXTS
        for match in number.findall(path.read_text("utf-8", "replace"))
    }
    assert found <= allowed


def test_no_suppression_is_blanket_and_each_gives_its_code():
    blanket = re.compile(r"#\s*(noqa(?!:\s*[A-Z])|type:\s*ignore(?!\[))")
    found = [path for path in PYTHON if blanket.search((ROOT / path).read_text("utf-8"))]
    assert found == []


def swallows(node):
    """Whether an `except` takes everything and neither raises it again nor logs it whole."""
    if node.type and ast.unparse(node.type) not in ("Exception", "BaseException"):
        return False
    inside = [inner for statement in node.body for inner in ast.walk(statement)]
    raised = any(isinstance(inner, ast.Raise) for inner in inside)
    return not raised and not any(getattr(i, "attr", "") == "exception" for i in inside)


def test_no_exception_is_swallowed():
    found = [
        f"{path}:{node.lineno}"
        for path in PYTHON
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler) and swallows(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("caught", "swallowed"),
    [
        ("except Exception:\n    pass", True),
        ("except:\n    x = 1", True),
        ("except BaseException:\n    clean()\n    raise", False),
        ("except Exception:\n    LOG.exception('x')", False),
        ("except ValueError:\n    pass", False),
    ],
)
def test_a_swallowed_exception_would_be_found(caught, swallowed):
    [handler] = ast.parse(f"try:\n    x()\n{caught}").body[0].handlers
    assert swallows(handler) is swallowed


def test_only_the_emulator_the_demo_and_a_person_who_watches_wait_between_two_polls():
    """And the function that CloudFormation asks once, with a role that Bedrock does not know yet: nobody else would
    wait for it.
    """
    asleep = {
        path if room(path) in ("tuning/cli", "tuning/aws") else room(path)
        for path in PYTHON
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep")
    }
    assert asleep <= {
        *("emulator", "demo", "tests", "tuning/cli/polling.py"),
        "tuning/aws/invocation_logging.py",
    }
