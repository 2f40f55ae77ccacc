"""Every command in README and the documents can work: each is resolved by what would run it."""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections import Counter

import botocore.session
import pytest
import typer
from botocore import xform_name
from documented_commands import (
    DOCUMENTS,
    FOLLOWED,
    LANGUAGES,
    NOT_FOLLOWED,
    ROOT,
    blocks,
    documented,
    languages,
)

from emulator.__main__ import cli as emulator_cli
from tuning.__main__ import application
from tuning.constructs.bucket_policies import (
    DOCUMENT_UPLOADS,
    REPORTS,
    UPLOADS,
    UPLOADS_AND_ADAPTERS,
    WEIGHTS,
)

COMMANDS = documented()
NOT_RESOLVED = {
    ".": "the shell's own, run by CI with the quick start",
    "$EDITOR": "a person's, run by CI with the quick start as `true`",
    "export": "the shell's own",
    "eval": "the shell's own; what is inside is a command of the emulator, shown by itself as well",
    "out": "defined in the same block",
    "arn": "defined in the same block",
    "empty": "defined in the same block; executed below",
    "jq": "of what `empty` does, executed below",
    "[": "of what `empty` does, executed below",
}
NO_COMMAND = {"}", "1", "$e"}
"""What is left of a function's or a loop's own words."""
GLOBAL = {"output", "query", "region", "max-items"}
RENAMED = {
    ("sns", "subscribe", "notification-endpoint"): "endpoint",
    ("stepfunctions", "send-task-success", "task-output"): "output",
}
"""Where a parameter would be taken for one of the command line's own.
https://docs.aws.amazon.com/cli/latest/reference/sns/subscribe.html
https://docs.aws.amazon.com/cli/latest/reference/stepfunctions/send-task-success.html"""


def of(program):
    return [pytest.param(c, id=str(c)) for c in COMMANDS if c.program == program]


def resolve(command, words):
    """The command line's own reading: an unknown option, a missing argument or a wrong value raises."""
    name, *ahead = words
    while ahead and ahead[0] in getattr(command, "commands", {}):
        name = ahead.pop(0)
        command = command.commands[name]
    if ahead and hasattr(command, "commands"):
        raise LookupError(f"no such command: {ahead[0]}")
    command.make_context(name, ahead)


def test_a_command_that_is_none_would_be_found():
    for words in (("tuning", "chek", "x"), ("tuning", "rules", "--unknown"), ("tuning", "check")):
        with pytest.raises(Exception, match=r"(?i)no such|missing"):
            resolve(typer.main.get_command(application()), words)


@pytest.mark.parametrize("command", of("tuning"))
def test_a_command_of_ours_is_one_with_these_options(command, tmp_path, monkeypatch):
    for word in command.words:  # paths that must exist exist, as with anyone who follows the text
        if re.fullmatch(r"[\w/]+/", word):
            (tmp_path / word).mkdir(exist_ok=True)
        elif re.fullmatch(r"[\w/]+\.(jsonl|csv)", word):
            (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / word).touch()
    monkeypatch.chdir(tmp_path)
    resolve(typer.main.get_command(application()), command.words)


@pytest.mark.parametrize("command", of(".venv/bin/python"))
def test_a_command_of_the_emulator_is_one_with_these_options(command):
    assert command.words[1:3] == ("-m", "emulator")
    resolve(typer.main.get_command(emulator_cli), command.words[2:])


@pytest.mark.parametrize("command", of("make"))
def test_a_target_of_make_is_one(command):
    goal = command.words[1]
    assert re.search(rf"^{goal}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", of("pip"))
def test_an_extra_of_the_package_is_one(command):
    (extra,) = re.findall(r"\[(\w+)\]", command.words[2])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert extra in project["optional-dependencies"]


SERVICES = botocore.session.Session()
CLI_NAMES = {"s3api": "s3"}


@pytest.mark.parametrize("command", [c for c in of("aws") if c.values[0].words[1] != "s3"])
def test_a_command_of_aws_is_an_operation_with_these_parameters(command):
    """As the AWS command line makes its commands: from the model of the service."""
    _, service, operation, *options = command.words
    client = SERVICES.get_service_model(CLI_NAMES.get(service, service))
    names = {xform_name(name, "-"): name for name in client.operation_names}
    shape = client.operation_model(names[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    given = [word.removeprefix("--") for word in options if word.startswith("--")]
    given = [RENAMED.get((service, operation, name), name) for name in given]
    known = {*members, *GLOBAL, *(f"no-{name}" for name in members)}
    assert [name for name in given if name not in known] == []
    needed = {xform_name(name, "-") for name in (shape.required_members if shape else ())}
    assert needed - {name.removeprefix("no-") for name in given} == set()


def test_the_zones_that_are_asked_for_are_of_all_endpoints_and_of_the_functions(dev):
    """The command of docs/network.md; the preflight reads them from the templates."""
    (asked,) = (c for c in COMMANDS if "describe-vpc-endpoint-services" in c.words)
    (services,) = (word for word in asked.words if word.startswith("com.amazonaws."))
    interface = [
        e
        for e in dev.of_type("AWS::EC2::VPCEndpoint")
        if e.properties["VpcEndpointType"] == "Interface"
    ]
    needed = {e.properties["ServiceName"].rpartition(".")[2] for e in interface} | {"lambda"}
    assert set(services.partition("{")[2].rstrip("}").split(",")) == needed


@pytest.mark.parametrize("command", [c for c in of("aws") if c.values[0].words[1] == "s3"])
def test_a_copy_passes_the_perimeter_from_where_people_are(command):
    """Outside of the VPC: uploads under `datasets/`, reports under `runs/`, and no other list or object; where models
    are imported, adapters, bases and models, too; where assistants have documents, these, which are deleted, too.
    """
    if command.document == "docs/emulator.md":
        return  # of the emulated account
    verb, *rest = command.words[2:]
    paths = [word for word in rest if word.startswith("s3://")]
    upload = not rest[0].startswith("s3://")
    (path,) = paths
    if "/documents/" in path:
        action = {"cp": "s3:PutObject", "rm": "s3:DeleteObject"}[verb]
        assert action in DOCUMENT_UPLOADS.actions
        return
    assert verb == "cp", "listing objects is denied, but for the datasets bucket"
    imported = WEIGHTS if "WEIGHTS" in path else UPLOADS_AND_ADAPTERS
    opening = (imported if "--recursive" in rest else UPLOADS) if upload else REPORTS
    action = "s3:PutObject" if upload else "s3:GetObject"
    _, _, key = path.removeprefix("s3://").partition("/")
    assert action in opening.actions
    assert key.startswith(tuple(each.removesuffix("*") for each in opening.objects))


def test_listing_the_artifacts_would_be_found():
    assert not REPORTS.listed
    assert UPLOADS.listed


DESTROYED = [
    (name, tuple(shlex.split(words)))
    for name in DOCUMENTS
    for words in re.findall(r"npx cdk destroy ([^`\n#]+)", (ROOT / name).read_text("utf-8"))
]


@pytest.mark.parametrize(("document", "stacks"), DESTROYED)
def test_what_is_destroyed_draws_in_no_protected_stack(document, stacks, destroyed):
    """By the selection of the CDK command line, in the order of the text: what went before is gone."""
    at = DESTROYED.index((document, stacks))
    gone = {s for d, before in DESTROYED[:at] if d == document for s in before}
    # The text opens the perimeter before Network goes, so that Storage no longer needs it.
    drawn = destroyed(stacks, opened=document == "docs/operations.md") - gone
    assert drawn <= {"dev/Training"}


def test_a_command_that_draws_in_storage_would_be_found(destroyed):
    assert "dev/Storage" in destroyed(("dev/Training", "dev/Network"), opened=False)


LOCKED = """#!/bin/sh
# Answers as S3 does: 200 with Errors for what is locked, and 400 for the flag where there is no lock.
echo "$@" >>"$CALLS"
case "$2" in
list-object-versions)
    test -e "$GONE" && echo '{"Objects": []}' || echo '{"Objects": [{"Key": "k", "VersionId": "v"}]}' ;;
delete-objects)
    case "$LOCK,$*" in
    yes,*--bypass-governance-retention*) touch "$GONE" ;;
    yes,*) echo '{"Errors": [{"Key": "k", "VersionId": "v", "Code": "AccessDenied"}]}' ;;
    no,*--bypass-governance-retention*) echo InvalidArgument >&2; exit 254 ;;
    *) touch "$GONE" ;;
    esac ;;
esac
"""


@pytest.mark.skipif(not shutil.which("jq"), reason="the text uses jq, which is not installed")
@pytest.mark.parametrize(
    ("lock", "flag", "emptied"),
    [
        ("yes", "--bypass-governance-retention", True),
        ("yes", "", False),
        ("no", "", True),
        ("no", "--bypass-governance-retention", False),
    ],
)
def test_emptying_a_bucket_ends_whatever_s3_answers(tmp_path, lock, flag, emptied):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-bypass"""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    function = text[text.index("empty() {") : text.index("\n}\n", text.index("empty() {")) + 3]
    aws = tmp_path / "aws"
    aws.write_text(LOCKED, encoding="utf-8")
    aws.chmod(0o755)
    calls = tmp_path / "calls"
    done = subprocess.run(  # noqa: S603 — the text's own words
        [shutil.which("bash"), "-c", f"{function}\nempty bucket {flag}"],
        env={
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "LOCK": lock,
            "GONE": str(tmp_path / "gone"),
            "CALLS": str(calls),
        },
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert (done.returncode == 0) is emptied
    assert calls.read_text("utf-8").count("delete-objects") == 1
    assert ("delete-bucket --bucket" in calls.read_text("utf-8")) is emptied


def test_every_command_is_run_by_a_test_or_has_its_reason(record_property):
    """By `tests/flow/test_documents_are_followed.py`, on an emulated account. A new command must be in a block that
    is followed, or among those that are not, with the reason."""
    said = [command for command in COMMANDS if command.program not in NO_COMMAND]
    run = [command for command in said if not command.reason and command.block.followed]
    reasons = Counter(command.reason for command in said if command.reason)
    record_property("commands", f"{len(said)}, of them {len(run)} run; {dict(reasons)}")
    assert [str(c) for c in said if not c.reason and not c.block.followed] == []
    assert len(run) > 80


def test_every_block_says_its_language_so_that_no_command_is_overlooked():
    assert {
        (name, language) for name, language in languages() if language not in LANGUAGES
    } == set()
    assert {language for _, language in languages()} >= {"sh", "console", "mermaid"}


def test_no_block_or_reason_is_of_something_gone():
    followed = {(block.document, block.followed) for block in blocks() if block.followed}
    assert followed == {(name, begin) for name, begins in FOLLOWED.items() for begin in begins}
    assert {c.reason for c in COMMANDS if c.reason} == set(NOT_FOLLOWED.values())


def test_every_command_is_resolved_or_has_its_reason(record_property):
    resolved = {"tuning", ".venv/bin/python", "make", "pip", "aws", "npx"}
    said = [command for command in COMMANDS if command.program not in NO_COMMAND]
    counts = Counter(command.program in resolved for command in said)
    record_property("commands", f"{len(said)}, of them {counts[True]} resolved")
    assert [str(c) for c in said if c.program not in resolved | NOT_RESOLVED.keys()] == []
    assert NOT_RESOLVED.keys() <= {command.program for command in said}
    assert counts[True] > 60
    assert {c.words[1:3] for c in said if c.program == "npx"} == {
        *(("cdk", "bootstrap"), ("cdk", "deploy"), ("cdk", "destroy"))  # the first two: tests/flow
    }
