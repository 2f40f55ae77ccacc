"""`tuning submit`: what would be refused is not uploaded; what is, in the order in which it is read."""

import json
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_world import an_account, lay, left
from dataset_lines import SOUND

from tuning.aws.ledger import Ledger
from tuning.aws.uploaded_objects import UploadedObjects
from tuning.cli import polling
from tuning.cli.submit_command import submit_command
from tuning.cli.watch_command import watch_command
from tuning.errors import OptionError
from tuning.runs.recipe_files import load
from tuning.runs.run import ReceivedVersion
from tuning.runs.same_data import TrainedData, data_key
from tuning.runs.uploads import Upload

LEDGER = Ledger(table="ledger")
TOML = """
description = "Answers."
base_model = "amazon.nova-micro-v1:0:128k"
[hyperparameters]
epochCount = 2
"""


@pytest.fixture
def account(aws, monkeypatch, tmp_path):
    """An environment in which a run begins, and ends, between two polls."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "support.toml").write_text(TOML, "utf-8")
    monkeypatch.setenv("TUNING_RECIPES", str(recipes))
    made, polls = an_account(aws, monkeypatch), []

    def sleep(_seconds):
        polls.append(1)
        assert len(polls) < 9, "it waits for ever"
        for (bucket, key), versions in list(aws.s3.versions.items()):
            upload = Upload(
                bucket=bucket, key=key, version_id=list(versions)[-1], size=1, arrived_at="now"
            )
            if "/train." in key and LEDGER.became(upload) is None:
                run = lay(made, len(polls), state="trained", ended_at="now")
                LEDGER.put_new(ReceivedVersion.of(upload, run))

    monkeypatch.setattr(polling, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0))
    return made


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "my data"
    made.mkdir()

    def write(**files):
        for name, content in files.items():
            (made / name.replace("_", ".")).write_bytes(content)
        return made

    return write


def keys(account):
    return [key for bucket, key in account.s3.versions if bucket == "datasets"]


def submitted(folder, code=0, **given):
    return (
        left(submit_command, folder=folder, recipe="support", wait=True, every=1, **given) == code
    )


def test_the_validation_set_goes_first_and_the_run_is_followed(account, folder, capsys):
    sets = folder(Training_JSONL=SOUND, val_jsonl=SOUND.splitlines(keepends=True)[0])
    assert submitted(sets, shown="json")
    assert keys(account) == [
        "datasets/support/my-data/validation.jsonl",
        "datasets/support/my-data/train.jsonl",
    ]
    first, *_, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["run"] == last["run"]
    assert last["state"] == "trained"


def test_the_evaluation_set_is_checked_and_goes_before_the_training_set(account, folder, capsys):
    held_out = SOUND.splitlines(keepends=True)[0].replace(b"Where is", b"When comes")
    assert submitted(folder(train_jsonl=SOUND, eval_jsonl=held_out), shown="json")
    assert keys(account) == [
        "datasets/support/my-data/evaluation.jsonl",
        "datasets/support/my-data/train.jsonl",
    ]
    assert submitted(folder(train_jsonl=SOUND, eval_jsonl=SOUND), code=1, name="other")
    assert len(keys(account)) == 2
    assert "DS706" in capsys.readouterr().err


def test_what_would_be_refused_is_not_uploaded(account, folder, capsys):
    assert submitted(folder(train_jsonl=b"{}\n"), code=1)
    assert keys(account) == []
    assert "nothing was uploaded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no training set; call it train.jsonl. There is: nothing"),
        ({"data_jsonl": b"x"}, "There is: data.jsonl"),
        ({"train_csv": b"x", "train_jsonl": b"x"}, "2 training sets, train.csv, train.jsonl"),
        ({"train_csv": b"", "eval_csv": b"", "eval_jsonl": b""}, "2 evaluation sets"),
        ({"train_csv": b"", "val_csv": b"", "valid_csv": b""}, "2 validation sets"),
    ],
)
def test_a_folder_that_says_nothing_clear_is_a_wrong_use(account, folder, files, said):
    with pytest.raises(OptionError, match=said):
        submit_command(folder=folder(**files), recipe="support")
    assert keys(account) == []


def test_the_same_data_as_an_earlier_run_are_said_before_anything_is_uploaded(
    account, folder, capsys, monkeypatch
):
    sets = folder(train_jsonl=SOUND)
    recipe, said = load(Path(os.environ["TUNING_RECIPES"]) / "support.toml"), []
    before = lay(account, 7, state="trained", ended_at="2026-11-24T07:00:00Z")
    key = data_key(recipe, {"train.jsonl": sha256(SOUND).hexdigest()})
    LEDGER.put_new(TrainedData(id=key, run_id=before))
    put = UploadedObjects.put_file
    monkeypatch.setattr(
        UploadedObjects, "put_file", lambda *a: said.append(capsys.readouterr().err) or put(*a)
    )
    assert submitted(sets, shown="json")
    assert f"Run {before} was trained on 2026-11-24 on exactly this data" in said[0]
    assert "asks for approval" in said[0]


def test_right_after_an_upload_its_run_is_waited_for(account, capsys):
    """Not "no run is open": its event is under way."""
    account.s3.lay("datasets", "datasets/support/x/train.jsonl", b"x")
    account.s3.modified_at["datasets", "datasets/support/x/train.jsonl"] = datetime.now(UTC)
    assert left(watch_command, run=None, every=1, shown="json") == 0
    out, err = capsys.readouterr()
    assert "no run is open" not in err
    assert json.loads(out.splitlines()[-1])["state"] == "trained"


def test_versions_are_listed_of_recent_uploads_only(account, monkeypatch):
    """A bucket keeps many versions of what was uploaded long ago."""
    listed, versions = [], account.s3.list_object_versions
    monkeypatch.setattr(
        account.s3, "list_object_versions", lambda **call: listed.append(call) or versions(**call)
    )
    for number in range(20):
        account.s3.lay("datasets", "datasets/support/old/train.jsonl", b"x", f"v{number}")
    account.s3.lay("datasets", "datasets/support/x/train.jsonl", b"x")
    account.s3.modified_at["datasets", "datasets/support/x/train.jsonl"] = datetime.now(UTC)
    assert left(watch_command, run=None, every=1, shown="json") == 0
    assert {call["Prefix"] for call in listed} == {"datasets/support/x/train.jsonl"}


def test_the_run_of_an_upload_is_watched_by_its_uri(account, capsys):
    account.s3.lay("datasets", "datasets/support/x/train.jsonl", b"x")
    LEDGER.put_new(
        ReceivedVersion.of(
            Upload(
                bucket="datasets",
                key="datasets/support/x/train.jsonl",
                version_id="v1",
                size=1,
                arrived_at="now",
            ),
            lay(account, 3, state="refused"),
        )
    )
    uri = "s3://datasets/datasets/support/x/train.jsonl"
    assert left(watch_command, run=uri, every=1, shown="json") == 1
    assert json.loads(capsys.readouterr().out)["state"] == "refused"


@pytest.mark.usefixtures("account")
def test_an_old_upload_without_a_run_is_not_waited_for_for_ever(account, capsys):
    account.s3.lay("datasets", "datasets/support/x/train.jsonl", b"x")
    uri = "s3://datasets/datasets/support/x/train.jsonl"
    assert left(watch_command, run=uri, every=1, shown="json") == 3
    assert f"tuning why {uri}" in capsys.readouterr().err
