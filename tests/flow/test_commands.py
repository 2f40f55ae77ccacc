"""One run on the emulated account, followed by the commands of the operators' room as a person types
them, by the beginning of its id: watched to its end, shown, listed.
"""

import json

import pytest
from accounts import conversations, tuning
from patience import until

RECIPE = "support-nova-micro"


@pytest.fixture(scope="module")
def watched(world):
    """The run's id, and what watching it from its first row on has said."""
    uri = world.upload(conversations("Commands"), f"{RECIPE}/commands")
    run = until(lambda: world.account.started_by(uri), f"the run of {uri}").id
    return run, tuning(world, "watch", run[:10], "--every", "0.2")


def test_a_run_is_watched_to_its_end_and_the_exit_code_says_which(watched):
    run, done = watched
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(run[:12] in line for line in lines)
    assert lines[-1].endswith("trained")
    assert "Trained: training loss" in done.stderr


def test_the_whole_story_is_reported_afterwards(world, watched):
    run, _ = watched
    reported = json.loads(tuning(world, "show", run[:10], "--format", "json").stdout)
    assert reported["upload"]["version_id"]
    assert reported["recipe"]["name"] == RECIPE
    assert reported["steps"][-1]["name"] == "Trained"
    assert [phase["status"] for phase in reported["job"]["phases"]] == ["Completed"] * 3
    assert reported["results"]["training"]["last"] < reported["results"]["training"]["first"]
    cost = reported["cost"]
    assert float(cost["estimated_low_usd"]) <= float(cost["actual_usd"])
    assert float(cost["actual_usd"]) <= float(cost["settled_usd"])
    month = float(cost["storage_usd_per_month"])
    assert month < float(cost["settled_usd"]) <= float(cost["estimated_high_usd"]) + month
    report = world.account.files.read_json(reported["reports"][1])
    assert report["estimate"]["training_usd"] == cost["estimated_usd"]
    assert reported["next"].startswith("Deploy arn:aws:bedrock:")


def test_people_are_shown_the_same(world, watched):
    run, _ = watched
    said = tuning(world, "show", run[:10]).stdout
    for words in (f"Run {run}: trained", "Accepted: 10 records.", "Record outcome", "report.html"):
        assert words in said


def test_the_run_is_found_by_recipe_state_and_age(world, watched):
    run, _ = watched
    chosen = ("--recipe", RECIPE, "--state", "trained", "--since", "1h", "--newest", "100")
    found = json.loads(tuning(world, "runs", *chosen, "--format", "json").stdout)["runs"]
    assert run in [one["run"] for one in found]


def test_the_page_of_the_run_has_what_became_of_it_and_says_that_nothing_was_trained(
    world, watched, tmp_path
):
    run, _ = watched
    file = tmp_path / "run.html"
    done = tuning(world, "report", run[:10], "--out", str(file), "--format", "json")
    assert json.loads(done.stdout)["state"] == "trained", done.stderr
    page = file.read_text("utf-8")
    for words in (
        "<title>step ",
        "The emulated Bedrock trains nothing",
        "Accepted.",
        "tuning release",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "not-a-run"), "no such run"),
        (("watch", "not-a-run"), "no such run"),
        (("runs", "--state", "trainde"), "did you mean 'trained'"),
    ],
)
def test_what_cannot_be_is_reported_in_one_line(world, arguments, words):
    done = tuning(world, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
