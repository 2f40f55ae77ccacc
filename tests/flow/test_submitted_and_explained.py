"""Submitted by one command, watched by its URI, explained afterwards; and what never was a dataset."""

import json

from accounts import conversations, jsonl, tuning, until

RECIPE = "support-nova-micro"


def why(world, uri):
    done = tuning(world, "why", uri, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_folder_is_submitted_followed_and_explained(world, tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "Training.JSONL").write_bytes(jsonl(conversations("Submitted")))
    (folder / "val.jsonl").write_bytes(jsonl(conversations("Held out", 2)))
    recipe = ("--recipe", RECIPE, "--every", "0.2", "--format", "json")
    done = tuning(world, "submit", str(folder), *recipe)
    assert done.returncode == 0, done.stderr
    first, *_, last = map(json.loads, done.stdout.splitlines())
    assert (last["run"], last["state"]) == (first["run"], "trained")
    validation, training = first["uploads"]
    assert world.account.run(first["run"]).dataset.validation_version
    assert why(world, training)["run"] == first["run"]
    assert why(world, validation)["fate"] == "waits"
    again = tuning(world, "watch", training, "--format", "json")
    assert (again.returncode, json.loads(again.stdout)["state"]) == (0, "trained")


def test_each_thing_that_is_no_dataset_is_answered_by_one_notice(world):
    names = ("submitted/my_data.jsonl", "submitted/train.xlsx", "submitted/train.zip")
    for name in names:
        folder, _, file = name.rpartition("/")
        uri = world.upload(b"x", f"{RECIPE}/{folder}", file)
        run = until(lambda uri=uri: world.account.started_by(uri), f"an answer to {uri}")
        notice = world.notice(run.id)
        assert notice["Subject"].startswith("Refused: ")
        assert file in notice["Message"]
        assert f"tuning report {run.id} --open -e dev" in notice["Message"].splitlines()
        assert notice["Message"].rstrip().endswith(f":{run.id}"), "a link to its execution"
        explained = why(world, uri)
        assert (explained["fate"], explained["run"]) == ("run", run.id)
        assert sum(run.id[:8] in each["Subject"] for each in world.notices) == 1


def test_what_is_not_there_is_said_to_be_absent(world):
    missing = (
        f"s3://{world.account.outputs['DatasetsBucket']}/datasets/{RECIPE}/nowhere/train.jsonl"
    )
    assert why(world, missing)["fate"] == "absent"
