"""What a Tab completes, for every command's options, and how long it may take."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_world import an_account, lay

from tuning.__main__ import application
from tuning.cli import completions
from tuning.imports.import_run import ImportRecord, ImportUpload, import_key
from tuning.runs.budget import month_of

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def _completed(*words, cwd=ROOT, **environment):
    """What `tuning WORDS<Tab>` offers, as bash asks for it."""
    asked = {
        "_TUNING_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("tuning", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [str(Path(sys.executable).with_name("tuning"))]
    whole = {**ENVIRONMENT, **asked, **environment}
    done = subprocess.run(command, env=whole, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 — our own
    return done.stdout.split()


@pytest.mark.parametrize("command", ["check", "convert", "plan", "split"])
def test_a_model_is_completed_wherever_one_is_asked_for(command):
    offered = _completed(command, "data.jsonl", "--model", "amazon.nova-mic")
    assert offered == ["amazon.nova-micro-v1:0:128k"]


@pytest.mark.parametrize("command", ["check data", "plan data", "submit data", "runs", "canary"])
def test_a_recipe_is_completed_wherever_one_is_asked_for_also_from_a_folder_below(command):
    words = (*command.split(), "--recipe", "support-nova-m")
    assert _completed(*words, cwd=ROOT / "docs") == ["support-nova-micro"]


def test_states_are_completed():
    assert _completed("runs", "--state", "refu") == ["refused"]


def test_rules_are_completed():
    assert "DS701" in _completed("rules", "DS70")


def test_every_argument_that_is_a_run_completes_runs():
    commands = ["show", "watch", "stop", "retrain", "rebuild", "approve", "reject"]
    registered = {command.name: command.callback for command in application().registered_commands}
    for name in commands:
        annotation = registered[name].__annotations__["run"]
        (said,) = (one for one in annotation.__metadata__ if hasattr(one, "autocompletion"))
        assert said.autocompletion is completions.complete_runs, name


class Context:
    """Of a command line that is not finished."""

    def __init__(self, **params):
        self.params = params


def an_import(number, **more):
    upload = ImportUpload(
        bucket="datasets",
        key="adapters/llama/adapter_model.safetensors",
        version_id="v1",
        size=1,
        arrived_at=f"2026-11-{number:02}T08:00:00Z",
    )
    return ImportRecord(
        id=import_key(f"{number:032x}"),
        state="imported",
        upload=upload,
        recipe="llama",
        recipe_digest="d",
        arrived_at=upload.arrived_at,
        **more,
    )


def test_the_newest_imports_are_completed_with_recipe_and_state(aws, monkeypatch):
    account = an_account(aws, monkeypatch)
    for number in (1, 3, 2):
        account.dynamodb.lay(an_import(number))
    offered = completions.complete_imports(Context(environment="dev"), f"{1:032x}"[:6])
    assert offered == [(f"{number:032x}", "llama, imported") for number in (3, 2, 1)]
    assert completions.complete_imports(Context(), "zz") == []


def test_the_argument_that_is_an_import_completes_imports():
    registered = {command.name: command.callback for command in application().registered_commands}
    annotation = registered["imports"].__annotations__["import_id"]
    (said,) = (one for one in annotation.__metadata__ if hasattr(one, "autocompletion"))
    assert said.autocompletion is completions.complete_imports


def test_an_import_that_cannot_be_read_is_not_completed(aws, monkeypatch):
    account = an_account(aws, monkeypatch)
    account.dynamodb.lay(an_import(1))
    account.dynamodb.items[import_key(f"{2:032x}")] = {"pk": import_key(f"{2:032x}")}
    assert [each for each, _ in completions.complete_imports(Context(), "")] == [f"{1:032x}"]


def test_the_newest_runs_are_completed_with_recipe_and_state(aws, monkeypatch):
    account = an_account(aws, monkeypatch)
    month = month_of(datetime.now(UTC))
    for number in (1, 2):
        lay(account, number, month=month, state="trained")
    offered = completions.complete_runs(Context(environment="dev"), f"{1:032x}"[:6])
    assert offered == [(f"{number:032x}", "support, trained") for number in (2, 1)]
    assert completions.complete_runs(Context(), "zz") == []


def test_a_tab_does_not_wait_for_an_answer_that_does_not_come(monkeypatch):
    forever = threading.Event()
    monkeypatch.setattr(completions, "SECONDS", 0.05)
    monkeypatch.setattr("tuning.cli.account.Account.of", lambda *_: forever.wait())
    assert completions.complete_runs(Context(), "") == []  # it would wait for ever
    forever.set()


def test_without_credentials_or_region_nothing_is_completed_and_nothing_is_printed():
    assert _completed("show", "ab", AWS_EC2_METADATA_DISABLED="true") == []
