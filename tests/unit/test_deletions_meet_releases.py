"""Of a release and a deletion that meet one gives way, and what a round has left that died is put in order."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from deletion_world import (
    age,
    claim,
    deleted,
    deletions,
    four_versions,
    options,
    state,
    there,
)
from interleaved import before
from release_world import RECIPE

from lambdas import begin_release, plan_evaluation
from tuning.aws.model_deletions import ModelDeletions
from tuning.releases.model_deletion import CLAIM_LASTS, ModelDeletion
from tuning.releases.release_request import ReleaseRequest


@pytest.fixture
def keeping(releasing, monkeypatch):
    return four_versions(releasing, monkeypatch)


# A release and a deletion meet ------------------------------------------------------------------


def test_no_release_of_a_deleted_version_begins(keeping):
    deleted(keeping)
    said = keeping.release(keeping.request(1))
    assert said["state"] == "refused"
    assert "version 1 was deleted on 20" in said["summary"]
    assert "beyond keep_models = 0 of its recipe" in said["summary"]
    run = keeping.registry.version(RECIPE, 1).run_id
    assert f"tuning retrain {run} trains its data again" in said["summary"]
    assert (keeping.live.version, keeping.live.change) == (4, None)


def test_no_release_begins_on_what_is_about_to_be_deleted(keeping):
    claim(keeping, 1)
    assert "version 1 is being deleted" in keeping.release(keeping.request(1))["summary"]


def test_a_release_that_begins_first_keeps_its_version(keeping):
    """It says so after the round has looked, and before it claims."""
    request = keeping.request(1)
    with before(ModelDeletions, "claim", lambda: keeping.begin(request)):
        assert deleted(keeping) == []
    assert there(keeping) == [1, 2, 3, 4]
    found = deletions(keeping).of(RECIPE, 1)
    assert (found.state, found.why) == ("withdrawn", "a promote of version 1 is under way")


def test_a_claim_that_is_first_keeps_the_release_from_beginning(keeping):
    """It is made after the release has looked, and before the release says that it begins."""
    request = keeping.request(1)
    with before(keeping.lives.__class__, "begin", lambda: claim(keeping, 1)):
        said = keeping.begin(request)
    assert said["state"] == "refused"
    assert "is being deleted" in said["why"]


def test_a_release_that_was_refused_for_a_claim_leaves_the_recipe_free(keeping):
    with before(keeping.lives.__class__, "begin", lambda: claim(keeping, 1)):
        said = keeping.release(keeping.request(1))
    from lambdas import finish_release  # noqa: PLC0415 — only here

    request = keeping.live.change
    assert request is not None
    assert said["state"] == "refused"
    event = {
        "request": ReleaseRequest.promotion(
            keeping.live, 1, kind="promote", by="arn:ann"
        ).to_json(),
        "execution": request.execution,
        "outcome": {"state": "refused", "summary": said["summary"]},
    }
    finish_release.handler(event, keeping.context)
    assert (keeping.live.version, keeping.live.change) == (4, None)


def test_an_evaluation_that_begins_first_keeps_its_version(keeping):
    model = keeping.registry.version(RECIPE, 1)
    request = ReleaseRequest.of_model(model)
    event = {"request": request.to_json(), "execution": "x"}
    with before(ModelDeletions, "claim", lambda: plan_evaluation.handler(event, keeping.context)):
        assert deleted(keeping) == [2]
    assert deletions(keeping).of(RECIPE, 1).why == "evaluation under way"


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_claimed_is_not_evaluated(keeping, when):
    model = keeping.registry.version(RECIPE, 1)
    event = {"request": ReleaseRequest.of_model(model).to_json(), "execution": "x"}
    if when == "before":
        claim(keeping, 1)
        plan = plan_evaluation.handler(event, keeping.context)
    else:
        with before(plan_evaluation.Candidates, "begin", lambda: claim(keeping, 1)):
            plan = plan_evaluation.handler(event, keeping.context)
    assert plan["state"] == "held"
    assert "is being deleted" in plan["why"]


def test_of_two_rounds_at_once_one_deletes(keeping):
    with before(ModelDeletions, "claim", lambda: claim(keeping, 1)):
        assert deleted(keeping) == [2]
    assert state(keeping, 1) == "claimed"
    assert there(keeping) == [1, 3, 4]


def test_a_round_whose_claim_was_taken_over_records_nothing(keeping):
    mine = claim(keeping, 1, age=CLAIM_LASTS)
    now = datetime.now(UTC)
    theirs = ModelDeletion.of(keeping.registry.version(RECIPE, 1), "beyond", now)
    assert deletions(keeping).claim(theirs, instead_of=mine)
    assert deletions(keeping).settle(mine, "withdrawn", "late", now) is None
    assert deletions(keeping).of(RECIPE, 1) == theirs


# A round that died ------------------------------------------------------------------------------


def test_what_a_round_claimed_that_died_the_next_deletes_once_the_claim_is_old(keeping):
    claim(keeping, 1)
    assert deleted(keeping) == [2]
    age(keeping, 1)
    assert deleted(keeping) == [1]
    assert state(keeping, 1) == "deleted"


@pytest.mark.parametrize("changes", [{"delete_models": False}, {"keep_models": 5}])
def test_a_claim_is_given_up_when_the_recipe_keeps_the_version_by_now(keeping, changes):
    claim(keeping, 1, age=CLAIM_LASTS)
    options(keeping, **changes)
    assert deleted(keeping) == []
    found = deletions(keeping).of(RECIPE, 1)
    assert (found.state, "recipe" in found.why) == ("withdrawn", True)
    assert keeping.release(keeping.request(1))["state"] == "released"


def test_a_claim_is_not_given_up_of_a_model_that_is_gone(keeping):
    claim(keeping, 1, age=CLAIM_LASTS)
    del keeping.engine.models.kept[keeping.registry.version(RECIPE, 1).model_arn]
    options(keeping, delete_models=False)
    assert deleted(keeping) == [1]
    assert state(keeping, 1) == "deleted"


def test_begin_release_is_the_handler_that_says_no(keeping):
    """Whatever asked for it: a person's command looks first, and may be late."""
    deleted(keeping)
    request = keeping.request(2).to_json()
    said = begin_release.handler({"request": request, "execution": "x"}, keeping.context)
    assert said["state"] == "refused"
    assert SimpleNamespace(**said).why.startswith("support version 2 was deleted")
