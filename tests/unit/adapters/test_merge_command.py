"""`tuning merge`: exit codes, one JSON document, and nothing that looks finished when it is not."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_models
from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.adapters import destination, shard_merge
from tuning.cli import merge_command
from tuning.errors import OptionError

RULES = {"outcome", "reason", "rule", "title", "fix", "changed", "added", "config_changes"}


@pytest.fixture
def inputs(tmp_path):
    return tiny_models.base(tmp_path / "base"), tiny_models.adapter(tmp_path / "adapter")


@pytest.fixture
def run():
    def invoke(*arguments, shown="json"):
        words = ["merge", *(str(a) for a in arguments), "--format", shown]
        return CliRunner().invoke(application(), words)

    return invoke


def leftovers(tmp_path):
    return {p.name for p in tmp_path.iterdir()} - {"base", "adapter"}


def test_a_merge_prints_one_document_and_exits_0(run, inputs, tmp_path):
    done = run(*inputs, "-o", tmp_path / "out")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["outcome"] == "merged"
    receipt = json.loads((tmp_path / "out" / "merge-receipt.json").read_text())
    assert document["changed"] == {n: t["sha256"] for n, t in receipt["changed"].items()}
    assert document["added"] == []
    assert document["config_changes"] == {}
    assert leftovers(tmp_path) == {"out"}


def test_a_refusal_prints_one_document_exits_1_and_writes_nothing(run, inputs, tmp_path):
    (inputs[1] / "adapter_model.safetensors").unlink()
    done = run(*inputs, "-o", tmp_path / "out")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert set(document) == RULES
    assert document["outcome"] == "refused"
    assert document["reason"].startswith("LA102 ")
    assert leftovers(tmp_path) == set()


def test_for_people_the_refusal_says_why_and_how_to_fix_it(run, inputs, tmp_path):
    (inputs[1] / "adapter_model.safetensors").rename(inputs[1] / "adapter_model.bin")
    done = run(*inputs, "-o", tmp_path / "out", shown="text")
    assert done.exit_code == 1
    assert "LA103" in done.stderr
    assert "Why: " in done.stderr
    assert "Fix: " in done.stderr
    assert done.stdout == ""


def test_a_verified_folder_exits_0_and_a_changed_one_1(run, inputs, tmp_path):
    assert run(*inputs, "-o", tmp_path / "out", shown="text").exit_code == 0
    assert json.loads(run("--verify", tmp_path / "out").stdout)["outcome"] == "verified"
    assert run(*inputs, "--verify", tmp_path / "out").exit_code == 0
    (tmp_path / "out" / "tokenizer.json").write_text("{}")
    done = run("--verify", tmp_path / "out")
    assert done.exit_code == 1
    assert "tokenizer.json differs" in json.loads(done.stdout)["reason"]


def test_an_empty_folder_is_taken_and_a_full_one_is_not(run, inputs, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert run(*inputs, "-o", out).exit_code == 0
    again = run(*inputs, "-o", out)
    assert isinstance(again.exception, OptionError)


@pytest.mark.parametrize("output", ["base", "adapter", "base/inner", "nowhere/out"])
def test_an_output_that_would_harm_or_hang_is_wrong_use(run, inputs, tmp_path, output):
    done = run(*inputs, "-o", tmp_path / output)
    assert isinstance(done.exception, OptionError)
    assert leftovers(tmp_path) == set()


@pytest.mark.parametrize("arguments", [[], ["base"], ["base", "adapter"], ["nothing", "adapter", "-o", "out"], ["base", "adapter", "-o", "out", "--verify", "base"], ["--verify", "nothing"]])  # fmt: skip
def test_what_is_left_out_is_asked_for(run, inputs, tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert inputs
    done = run(*arguments)
    assert isinstance(done.exception, OptionError)


def test_without_the_extra_one_line_says_what_to_install(run, inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(merge_command, "find_spec", lambda _name: None)
    done = run(*inputs, "-o", tmp_path / "out")
    assert "bedrock-private-tuning[lora]" in str(done.exception)


def test_a_full_disk_is_a_fault_and_leaves_nothing(run, inputs, tmp_path, monkeypatch):
    def full(_sink, tensor, _data):
        if tensor:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(destination._FileSink, "write", full)  # noqa: SLF001 — the disk is full below it
    done = run(*inputs, "-o", tmp_path / "out")
    assert isinstance(done.exception, OSError)
    assert leftovers(tmp_path) == set()


def test_a_disk_that_is_too_small_is_found_before_anything_is_written(
    run, inputs, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        destination.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100})()
    )
    done = run(*inputs, "-o", tmp_path / "out")
    assert done.exception.errno == errno.ENOSPC
    assert "100 are free" in str(done.exception)
    assert leftovers(tmp_path) == set()


def test_ctrl_c_leaves_nothing_and_says_so(run, inputs, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shard_merge.Matrices, "__getitem__", interrupted)
    done = run(*inputs, "-o", tmp_path / "out")
    assert done.exit_code == 130
    assert "nothing was written" in done.stderr
    assert leftovers(tmp_path) == set()


@pytest.mark.thorough
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_real_process_leaves_nothing(inputs, tmp_path, sent):
    """The process stops itself by its own signal when the first header has been written."""
    program = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from tuning.adapters import destination
write = destination._FileSink.write
def stopped(sink, tensor, data):
    write(sink, tensor, data)
    os.kill(os.getpid(), {int(sent)})
destination._FileSink.write = stopped
from tuning.__main__ import run
sys.argv = ["tuning", "merge", {str(inputs[0])!r}, {str(inputs[1])!r}, "-o", {str(tmp_path / "out")!r}]
run()
"""
    done = subprocess.run(  # noqa: S603 — our own interpreter and program
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    assert "nothing was written" in done.stderr
    assert leftovers(tmp_path) == set()
