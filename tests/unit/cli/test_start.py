"""What starts with `tuning check`, and that plain words mean what typer would make of them."""

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from typer.models import OptionInfo
from typer.testing import CliRunner

from tuning.__main__ import COMMANDS, application
from tuning.cli import completions
from tuning.cli.check_command import check_command
from tuning.cli.checking import checking
from tuning.cli.direct import LEAST, SPELT, arguments
from tuning.models.catalog import catalog

MODEL = "amazon.nova-micro-v1:0:128k"
HEAVY = {
    *("botocore", "boto3", "aws_cdk", "jsii", "matplotlib", "pyarrow", "rich", "pydantic", "typer"),
    *("ahocorasick_rs", "jsonschema", "tuning.datasets.convert.conversion", "email"),
    *("_hashlib", "dataclasses", "difflib", "tempfile", "tuning.runs.recipe_files"),
}
ROOT = Path(__file__).parents[3]


@pytest.mark.thorough
def test_a_check_of_sound_records_imports_nothing_heavy():
    program = (
        "import sys, json\n"
        f"sys.argv = ['tuning', 'check', 'samples/support/train.jsonl', '--model', '{MODEL}', '--format', 'json']\n"
        "from tuning.__main__ import run\n"
        "try:\n    run()\nexcept SystemExit as end:\n    code = end.code\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    code, modules = json.loads(done.stderr)
    assert code == 0
    assert HEAVY & set(modules) == set()


def test_the_options_are_those_that_typer_knows():
    known = inspect.signature(check_command, eval_str=True).parameters
    plain = inspect.signature(checking).parameters
    assert list(known) == list(plain)
    for name, parameter in known.items():
        kind, reported = get_args(parameter.annotation)
        assert kind == plain[name].annotation
        assert parameter.default == plain[name].default
        if isinstance(reported, OptionInfo):
            assert reported.min == LEAST.get(name)
            assert reported.default in (..., SPELT.get(name, f"--{name}"))
            assert (reported.default is ...) <= (name not in SPELT)


@pytest.mark.parametrize(
    "words",
    [
        ["a.jsonl"],
        ["a.jsonl", "--model", "m", "--jobs=2", "--strict", "DS701", "--strict", "DS702"],
        ["--format", "json", "--validation", "v.jsonl", "a.jsonl", "--max-unpacked-mb", "5"],
        ["--recipe=r", "--max-findings", "0", "a.jsonl"],
    ],
)
def test_plain_words_mean_what_typer_makes_of_them(words, monkeypatch):
    seen = []
    monkeypatch.setattr("tuning.cli.check_command.checking", lambda *p, **o: seen.append((p, o)))
    done = CliRunner().invoke(application(["check"]), ["check", *words])
    assert done.exit_code == 0, done.output
    ((path,), options) = seen[0]
    given = arguments(checking, words)
    assert given.pop("path") == path
    assert options == {**{n: p.default for n, p in inspect.signature(checking).parameters.items() if n != "path"}, **given}  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        *([], ["--help"], ["-h", "a"], ["a", "b"], ["a", "--model"], ["a", "--jobs", "x"]),
        *(["a", "--jobs", "-1"], ["a", "--max-unpacked-mb=0"], ["a", "--modle", "x"], ["a", "--"]),
    ],
)
def test_anything_else_is_left_to_typer(words):
    assert arguments(checking, words) is None


def test_every_command_is_found_by_its_name():
    names = {command.name for command in application().registered_commands}
    functions = {command.callback.__name__ for command in application().registered_commands}
    assert names == set(COMMANDS)
    assert functions == {f"{name}_command" for name in COMMANDS}


def test_models_recipes_methods_and_rules_are_completed(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert completions.complete_models("amazon.nova-micro") == [MODEL]
    assert MODEL in completions.complete_models("amazon.nova")
    assert set(completions.complete_models("")) == set(catalog().models)
    assert completions.complete_recipes("support-nova-m") == ["support-nova-micro"]
    assert completions.complete_methods("fine") == ["FINE_TUNING"]
    assert "DS701" in completions.complete_rules("ds70")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("part", "reported"),
    [
        ("nova-micro", f"did you mean '{MODEL}'?"),
        ("Nova Lite", "did you mean 'amazon.nova-lite-v1:0:300k'?"),
        ("us.amazon.nova-micro-v1:0", f"customization takes '{MODEL}'"),
        ("llama3-1-8b", "did you mean 'meta.llama3-1-8b-instruct-v1:0:128k'?"),
    ],
)
def test_a_part_of_a_model_id_is_enough_to_be_shown_the_whole(part, reported):
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-m", "tuning", "check", "samples/support/train.jsonl", "--model", part],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert reported in done.stderr


@pytest.mark.thorough
def test_an_archive_may_not_unpack_to_more_than_was_said(tmp_path):
    import gzip  # noqa: PLC0415 — for this alone

    packed = tmp_path / "train.jsonl.gz"
    packed.write_bytes(gzip.compress(b"\n" * (3 << 20)))
    command = [sys.executable, "-m", "tuning", "check", str(packed), "--model", MODEL]
    limited, free = (
        subprocess.run([*command, *more], check=False, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 — idem
        for more in (["--max-unpacked-mb", "2"], ["--max-unpacked-mb", "4"])
    )
    assert limited.returncode == 1
    assert "unpacks to more than 2 MB" in limited.stderr
    assert "DS106" in free.stdout
