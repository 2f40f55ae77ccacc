"""The emulator unpacks a function's code once; each runs what it was given all the same."""

import io
import json
import zipfile

import pytest
import stages
from strict import ACCOUNT, Stage

SOURCE = """
import os, tempfile
def run(event, context):
    return {"code": os.path.realpath(os.getcwd()), "own": tempfile.mkdtemp(), "of": "%s"}
"""


@pytest.fixture(scope="module")
def functions():
    with stages.running() as instance:
        yield Stage(instance).client("lambda")


def zipped(source):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(zipfile.ZipInfo("index.py"), source)  # the same bytes whenever it is made
    return archive.getvalue()


def made(functions, name, source):
    functions.create_function(
        FunctionName=name,
        Runtime="python3.14",
        Role=f"arn:aws:iam::{ACCOUNT}:role/worker",
        Handler="index.run",
        Code={"ZipFile": zipped(source)},
        Timeout=60,
    )
    return name


def invoked(functions, name):
    return json.load(functions.invoke(FunctionName=name)["Payload"])


def test_the_same_code_lies_in_one_place_and_temporary_files_do_not(functions):
    one, other = (
        invoked(functions, made(functions, name, SOURCE % "first")) for name in ("one", "same")
    )
    assert one["code"] == other["code"]
    assert one["own"] != other["own"]


def test_a_function_whose_code_is_replaced_runs_the_new_and_no_other_does(functions):
    names = [made(functions, name, SOURCE % "first") for name in ("changed", "kept")]
    assert [invoked(functions, name)["of"] for name in names] == ["first", "first"]
    functions.update_function_code(FunctionName="changed", ZipFile=zipped(SOURCE % "second"))
    assert [invoked(functions, name)["of"] for name in names] == ["second", "first"]
