"""What the former version of this platform stored and sent is read by this one, and the other way round.

`tests/data/former_version` was written by the code of the first version: a deployment changes the
functions under executions that are under way, and a rollback changes them back.
"""

import json
from pathlib import Path

import pytest
from domain_builders import any_recipe, any_run

from tuning.runs.budget import Claim
from tuning.runs.failures import failure
from tuning.runs.progress import Progress
from tuning.runs.recipes import Conversion, Limits, Recipe, Retry
from tuning.runs.run import Misdirected, Run, received
from tuning.runs.uploads import Upload

STORED = json.loads((Path(__file__).parents[1] / "data/former_version/stored.json").read_bytes())
RUNS = STORED["runs"]
FULL = any_recipe(
    hyperparameters={"epochCount": 2},
    strict=("DS702",),
    convert=Conversion(map={"prompt": "question"}),
    retry=Retry(recipe="support"),
)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_former_version_keeps_all_that_it_is_known_by(name):
    run, known = Run.from_dict(RUNS[name]["given"]), RUNS[name]["is"]
    names = ("id", "job_name", "request_token", "output_prefix", "reports_prefix")
    assert {n: getattr(run, n) for n in names} == {n: known[n] for n in names}
    assert run.recipe.digest == known["digest"]


def test_a_second_try_after_a_deployment_is_that_of_the_former_version():
    again = json.loads(json.dumps(Run.from_dict(RUNS["full"]["given"]).again().to_dict()))
    former = RUNS["second try"]["given"]
    assert {key: again[key] for key in former} == former


@pytest.mark.parametrize("name", RUNS)
def test_the_former_version_finds_all_that_it_knows_after_a_rollback(name):
    """It derives the id and the names anew, from what it takes: no key of these may be added."""
    former = RUNS[name]["given"]
    written = json.loads(json.dumps(Run.from_dict(former).to_dict()))
    assert {key: written[key] for key in former} == former


def test_what_is_derived_anew_in_another_way_changes_no_run_under_way(monkeypatch):
    """As a recipe that gains a field would: two paid jobs for one upload."""
    run = any_run(recipe=FULL)
    sent = json.loads(json.dumps(run.to_dict()))
    monkeypatch.setattr("tuning.runs.run._digest", lambda *_: "other")
    monkeypatch.setattr("tuning.runs.run._job_name", lambda *_, **__: "other")
    monkeypatch.setattr("tuning.runs.run._token", lambda *_, **__: "other")
    monkeypatch.setattr(Recipe, "wire_hyperparameters", {"epochCount": "2", "new": "1"})
    assert any_run(recipe=FULL).recipe.digest != sent["recipe_digest"]
    returned = Run.from_dict(sent)
    names = ("id", "job_name", "request_token", "output_prefix")
    assert [getattr(returned, n) for n in names] == [getattr(run, n) for n in names]
    assert returned.recipe.digest == sent["recipe_digest"]


def with_more(value):
    """As a later version may write it: every object has a key that nobody knows yet."""
    match value:
        case dict():
            return {**{k: with_more(v) for k, v in value.items()}, "of_a_later_version": {"a": 1}}
        case list():
            return [with_more(each) for each in value]
    return value


NOT_OBJECTS_OF_OURS = ("hyperparameters", "map")  # what people name in them is what they mean


def _cleaned(value):
    if isinstance(value, dict):
        return {
            k: (
                {n: v for n, v in each.items() if n != "of_a_later_version"}
                if k in NOT_OBJECTS_OF_OURS
                else _cleaned(each)
            )
            for k, each in value.items()
        }
    return value


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (Run.from_dict, any_run(recipe=FULL).to_dict()),
        (Run.from_dict, any_run(recipe=FULL).again().to_dict()),
        (received, Misdirected.new(upload=any_run().upload, recipes=("a",)).to_dict()),
        (Recipe.from_dict, FULL.to_dict()),
        (Upload.from_dict, any_run().upload.to_dict()),
        (Claim.from_dict, STORED["claim"]),
        *((Progress.kept, progress) for progress in STORED["progress"].values()),
    ],
)
def test_what_a_later_version_writes_besides_is_ignored(read, written):
    sent = json.loads(json.dumps(written))
    more = _cleaned(with_more(sent))
    assert more != sent
    found, expected = read(more), read(sent)
    if isinstance(found, Progress):  # it carries the next run on as it is
        assert (found.state, found.failure) == (expected.state, expected.failure)
    else:
        assert found == expected


def test_what_a_version_does_not_write_has_its_default():
    bare = {"name": "a", "description": "b", "base_model": "c"}
    assert Recipe.from_dict(bare) == Recipe(**bare)
    assert Recipe.from_dict({**bare, "limits": {"max_hours": 3}}).limits == Limits(max_hours=3)
    sent = {"upload": any_run().upload.to_dict(), "recipe": bare}
    assert Run.from_dict(sent) == Run.new(upload=any_run().upload, recipe=Recipe(**bare))


@pytest.mark.parametrize("name", STORED["progress"])
def test_progress_of_the_former_version_is_read(name):
    assert Progress.kept(STORED["progress"][name]).to_dict() == STORED["progress"][name]


def test_a_failure_is_read_from_what_the_former_version_wrote():
    kept = Progress.kept(STORED["progress"]["overdue"])
    assert kept.failure == failure("stalled", "The job was still.")


def test_an_upload_without_a_recipe_is_read_from_what_the_former_version_wrote():
    assert received(STORED["misdirected"]).to_dict() == STORED["misdirected"]
