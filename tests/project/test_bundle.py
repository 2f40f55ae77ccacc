"""The zip of the functions: small, the same bytes twice, and nothing in it that no function needs."""

import ast
import http.client
import json
import re
import socket
import subprocess
import sys
import zipfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from botocore import loaders

from tuning.constructs import bundle
from tuning.pipeline.assistant_steps import ASSISTANT_STEPS
from tuning.pipeline.import_tasks import IMPORT_STEPS
from tuning.pipeline.ingestion_tasks import INGESTION_STEPS
from tuning.pipeline.manifest import STEPS

ROOT = Path(__file__).parents[2]
TARGETS = ("lambda", "laptop")
ELF_64_LITTLE = b"\x7fELF\x02\x01"
AARCH64 = 183  # https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
# Bedrock wants the right to tag of whoever creates a job with tags.
NOT_CALLED = {"TagResource"}
UNCHECKED_HASH = b"\x01\x00\x00\x00"  # flags of a .pyc: https://peps.python.org/pep-0552/


@pytest.fixture(scope="session", params=TARGETS)
def built(request):
    return bundle.build_bundle(request.param)


@pytest.fixture(scope="session")
def names(built):
    with zipfile.ZipFile(built.path) as archive:
        return archive.namelist()


def test_it_has_the_same_bytes_when_it_is_built_again(built, monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "_CACHE", tmp_path / "elsewhere")
    monkeypatch.setattr(bundle.kernel, "_BUILD", tmp_path / "kernel")  # with a new cache of Zig's
    target = built.path.name.split("-")[1]
    again = bundle.build_bundle.__wrapped__(target)
    assert again.path.parent == tmp_path / "elsewhere"
    assert again.path.name == built.path.name
    assert again.path.read_bytes() == built.path.read_bytes()


def test_it_is_no_larger_than_eight_megabytes(built):
    assert built.path.stat().st_size <= 8_000_000


def test_compiled_files_are_all_there_and_never_checked_against_their_source(built, names):
    compiled = [n for n in names if n.endswith(".pyc")]
    assert bool(compiled) == built.compiled
    with zipfile.ZipFile(built.path) as archive:
        assert all(archive.read(n)[4:8] == UNCHECKED_HASH for n in compiled)
    if compiled:
        ours = [n for n in names if n.startswith(("lambdas/", "tuning/")) and n.endswith(".py")]
        assert len(ours) == len([n for n in compiled if n.startswith(("lambdas/", "tuning/"))])


def test_every_call_that_a_step_may_make_is_in_its_services_model(built):
    """Where an API's action and its operation have one name, as nearly all have."""
    prefixes = {"states": "stepfunctions"}
    every = (*STEPS, *IMPORT_STEPS, *ASSISTANT_STEPS)
    actions = {action for step in every for each in step.access for action in each.actions}
    granted = {action.partition(":") for action in actions}
    asked = 0
    with zipfile.ZipFile(built.path) as archive:
        for name in archive.namelist():
            if name.startswith("botocore/data/") and name.endswith("/service-2.json"):
                service, version = name.split("/")[2:4]
                whole = loaders.Loader().load_service_model(service, "service-2", version)
                shipped = json.loads(archive.read(name))["operations"]
                ours = {a for s, _, a in granted if prefixes.get(s, s) == service}
                wanted = ours & whole["operations"].keys()
                asked += len(wanted)
                assert wanted - NOT_CALLED <= shipped.keys()
    assert asked > 20


CALLS = """
import botocore.session
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ParamValidationError

for service in ("bedrock", "bedrock-runtime", "dynamodb", "ec2", "s3", "sns", "stepfunctions"):
    client = botocore.session.get_session().create_client(
        service, "us-east-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="x",
        aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}),
    )
    for name in client.meta.method_to_api_mapping:
        if not hasattr(client, name):
            continue  # botocore itself takes away what needs HTTP/2
        try:
            getattr(client, name)()
        except (EndpointConnectionError, ParamValidationError):
            print(service, name)
"""


def test_every_operation_that_is_left_can_be_called(tmp_path):
    with zipfile.ZipFile(bundle.build_bundle("laptop").path) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-S", "-c", CALLS],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {"s3 get_object", "ec2 describe_security_group_rules"} <= {*done.stdout.splitlines()}


def reached(path, seen):
    """Our files that a handler imports, at its beginning or in a function."""
    if path in seen or not path.exists():
        return
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) and node.module else ""
        named = [f"{module}.{each.name}" for each in node.names] if module else []
        for name in (module, *named):
            if name.startswith(("tuning.", "lambdas.")):
                reached(ROOT / f"{name.replace('.', '/')}.py", seen)


def test_the_services_that_functions_call_have_their_models_and_no_others(names):
    """Without its model no client of a service can be made."""
    files = set()
    for step in (*STEPS, *IMPORT_STEPS, *INGESTION_STEPS, *ASSISTANT_STEPS):
        reached(ROOT / "lambdas" / f"{step.name}.py", files)
    reached(ROOT / "lambdas/serve_agent.py", files)
    text = "".join(path.read_text("utf-8") for path in files)
    called = set(re.findall(r'(?:client|create)\("([a-z0-9-]+)"[,)]', text))
    models = {n.split("/")[2] for n in names if n.startswith("botocore/data/") and n.count("/") > 2}
    assert models == called


def test_every_handler_and_its_data_are_in_it_and_no_command_line(names):
    for needed in (
        *("lambdas/receive_upload.py", "lambdas/prepare_dataset.py", "lambdas/start_training.py"),
        *("tuning/aws/clients.py", "tuning/aws/ledger.py"),
        *("tuning/models/catalog.json", "tuning/models/prices.json", "tuning/datasets/rules.json"),
        "tuning/reports/sheet.css",
    ):
        assert needed in names
    assert not [
        n
        for n in names
        if n.startswith(
            ("tuning/cli/", "tuning/constructs/", "tests/", "emulator/", "stacks/", "recipes/")
        )
    ]
    assert not [n for n in names if n.startswith(("boto3/", "aws_cdk/"))]


def test_extensions_are_of_the_platform_that_runs_them():
    with zipfile.ZipFile(bundle.build_bundle("lambda").path) as archive:
        compiled = {n: archive.read(n) for n in archive.namelist() if n.endswith(".so")}
    kernel = compiled.pop("tuning/datasets/kernel/lines-linux-aarch64.so")
    assert kernel[:6] == ELF_64_LITTLE
    assert int.from_bytes(kernel[18:20], "little") == AARCH64
    assert b"lines_next" in kernel
    assert compiled
    assert all("cpython-314-aarch64-linux-gnu" in n for n in compiled)


def test_the_laptops_bundle_checks_with_its_own_kernel(tmp_path):
    """Without it the checker would fall back, and nobody would know but by the clock."""
    with zipfile.ZipFile(bundle.build_bundle("laptop").path) as archive:
        archive.extractall(tmp_path)
    code = (
        "import io; from tuning.models.catalog import catalog; from tuning.datasets.check import Part, check_dataset; "
        "from tuning.datasets import kernel; "
        "method = catalog().model('meta.llama3-1-8b-instruct-v1:0:128k').methods['FINE_TUNING']; "
        'line = b\'{"prompt":"a","completion":"b"}\'; '
        "print(kernel.library()._name); "
        "print(check_dataset(Part(name='t', stream=io.BytesIO(line)), method=method).records)"
    )
    done = subprocess.run(  # noqa: S603 — our own interpreter and code
        [sys.executable, "-S", "-c", code],  # with no packages but the bundle's
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.endswith("\n1\n")
    assert done.stdout.startswith(str(tmp_path / "tuning" / "datasets" / "kernel" / "lines-"))


MERGING = (
    "import numpy, ml_dtypes; import lambdas.check_adapter, lambdas.merge_tensors, lambdas.assemble_model; "
    "print(numpy.ones(2, numpy.float32).astype(ml_dtypes.bfloat16).tobytes().hex())"
)


@pytest.fixture(scope="session", params=TARGETS)
def merging(request):
    return bundle.build_bundle(request.param, "merging")


def test_the_bundle_of_steps_that_merge_is_the_others_and_two_packages(merging):
    """Lambda takes 250 MB unzipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    target = merging.path.name.split("-")[1]
    with zipfile.ZipFile(merging.path) as archive:
        entries = {entry.filename: entry.file_size for entry in archive.infolist()}
    with zipfile.ZipFile(bundle.build_bundle(target).path) as archive:
        others = set(archive.namelist())
    more = {name.split("/")[0].split("-")[0] for name in entries.keys() - others}
    assert more <= {"numpy", "numpy.libs", "ml_dtypes"}
    assert {"numpy", "ml_dtypes"} <= more
    assert others <= entries.keys()
    assert sum(entries.values()) <= 120_000_000
    assert merging.path.stat().st_size <= 30_000_000


def test_its_extensions_are_of_the_platform_that_runs_them():
    with zipfile.ZipFile(bundle.build_bundle("lambda", "merging").path) as archive:
        for name in archive.namelist():
            if name.endswith(".so"):
                head = archive.read(name)[:20]
                assert head[:6] == ELF_64_LITTLE, name
                assert int.from_bytes(head[18:20], "little") == AARCH64, name


def test_its_handlers_can_be_imported_from_nothing_but_it(tmp_path):
    with zipfile.ZipFile(bundle.build_bundle("laptop", "merging").path) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-S", "-c", MERGING],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "803f803f"), done.stderr


def test_no_other_step_of_imports_needs_its_packages(tmp_path):
    with zipfile.ZipFile(bundle.build_bundle("laptop").path) as archive:
        archive.extractall(tmp_path)
    names = [f"lambdas.{step.name}" for step in IMPORT_STEPS if not step.merges]
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-S", "-c", f"import {', '.join(names)}"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_agents_program_runs_from_nothing_but_it_and_answers_a_ping(tmp_path):
    """As AgentCore Runtime unpacks and starts it."""
    with zipfile.ZipFile(bundle.build_bundle("laptop").path) as archive:
        archive.extractall(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-S", "-m", "lambdas.serve_agent", address]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as program:  # noqa: S603 — our own words
        try:
            answer = first_answer(program, address)
        finally:
            program.terminate()
    assert (answer[0], json.loads(answer[1])["status"]) == (200, "Healthy")


def first_answer(program, address):
    while program.poll() is None:
        with (
            suppress(ConnectionRefusedError),
            closing(http.client.HTTPConnection(address, timeout=30)) as asked,
        ):
            asked.request("GET", "/ping")
            answer = asked.getresponse()
            return answer.status, answer.read()
    raise AssertionError(program.stderr.read())
