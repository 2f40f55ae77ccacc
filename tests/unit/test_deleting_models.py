"""Models that nobody needs are deleted, and nothing else is."""

import pytest
from deletion_world import (
    age,
    by_hand,
    deleted,
    deletions,
    evaluated,
    four_versions,
    options,
    state,
    there,
)
from domain_builders import any_recipe
from interleaved import before
from recipe_refusal_cases import refusal
from release_world import RECIPE

from emulator.bedrock.api_errors import Conflict, Denied, Throttled
from tuning.aws.known_versions import KnownVersions
from tuning.aws.transient import Transient


@pytest.fixture
def keeping(releasing, monkeypatch):
    return four_versions(releasing, monkeypatch)


# What is deleted, and what is not ---------------------------------------------------------------


def test_what_nobody_needs_is_deleted_and_what_is_live_and_was_before_stays(keeping):
    assert deleted(keeping) == [1, 2]
    assert there(keeping) == [3, 4]
    assert [state(keeping, number) for number in (1, 2, 3, 4)] == ["deleted"] * 2 + [None] * 2
    assert keeping.release(keeping.request(3, kind="rollback"))["state"] == "released"


def test_a_second_round_finds_nothing_to_do_and_says_nothing(keeping):
    deleted(keeping)
    calls = len(keeping.bedrock.calls)
    assert deleted(keeping) == []
    assert len(keeping.bedrock.calls) == calls
    assert len(keeping.aws.sns.notices) == 1


@pytest.mark.parametrize("changes", [{"delete_models": False}, {"keep_models": 2}])
def test_nothing_is_deleted_that_the_recipe_keeps(keeping, changes):
    options(keeping, **changes)
    assert deleted(keeping) == []
    assert there(keeping) == [1, 2, 3, 4]


@pytest.mark.parametrize("recipe", [None, any_recipe()])
def test_a_recipe_without_a_gate_or_that_is_not_deployed_has_nothing_deleted(keeping, recipe):
    del keeping.aws.recipes[RECIPE]
    if recipe:
        keeping.aws.recipes[RECIPE] = recipe
    assert deleted(keeping) == []
    assert there(keeping) == [1, 2, 3, 4]


def test_people_are_notified_of_what_was_deleted_why_and_what_it_saves(keeping):
    deleted(keeping)
    ((subject, message),) = keeping.aws.sns.notices
    assert subject == "support: 2 models deleted"
    assert "which saves $3.90 a month" in message
    assert "Version 1: beyond keep_models = 0 of its recipe; version 2: beyond" in message


def test_a_notice_that_could_not_be_sent_is_sent_by_the_next_round(keeping):
    keeping.aws.sns.fails = refusal("InternalErrorException", "Publish", 500)
    with pytest.raises(Transient, match=f"not deleted: {RECIPE}"):
        deleted(keeping)
    assert there(keeping) == [3, 4]
    keeping.aws.sns.fails = None
    assert deleted(keeping) == []
    assert [subject for subject, _ in keeping.aws.sns.notices] == ["support: 2 models deleted"]
    deleted(keeping)
    assert len(keeping.aws.sns.notices) == 1


def test_nothing_is_deleted_while_a_release_is_under_way(keeping):
    keeping.begin(keeping.request(2))
    assert deleted(keeping) == []
    assert there(keeping) == [1, 2, 3, 4]


def test_a_candidate_under_evaluation_stays(keeping):
    evaluated(keeping, 1, "evaluating")
    assert deleted(keeping) == [2]


def test_what_waits_for_a_person_stays(keeping):
    evaluated(keeping, 1, "passed")
    assert deleted(keeping) == [2]


def test_a_model_that_somebody_deployed_by_hand_stays_and_no_release_of_it_is_barred(keeping):
    by_hand(keeping, 1)
    assert deleted(keeping) == [2]
    assert state(keeping, 1) is None


def test_one_that_is_deployed_by_hand_as_it_is_claimed_stays(keeping):
    with before(KnownVersions, "again", lambda: by_hand(keeping, 1)):
        assert deleted(keeping) == [2]
    found = deletions(keeping).of(RECIPE, 1)
    assert (found.state, found.why) == ("withdrawn", "used by the deployment mine")


def test_one_that_is_deployed_by_hand_as_it_is_deleted_is_bedrocks_to_keep(keeping):
    with before(keeping.bedrock, "delete_custom_model", lambda: by_hand(keeping, 1)):
        assert deleted(keeping) == [2]
    found = deletions(keeping).of(RECIPE, 1)
    assert (found.state, "ConflictException" in found.why) == ("withdrawn", True)


def test_a_model_that_bedrock_keeps_is_not_deleted_says_why_and_is_tried_again(
    keeping, monkeypatch
):
    def conflict(_model):
        raise Conflict(message="The model is in use.")

    with monkeypatch.context() as patched:
        patched.setattr(keeping.engine.deployments, "check_unused", conflict)
        assert deleted(keeping) == []
    found = deletions(keeping).of(RECIPE, 1)
    assert found.state == "withdrawn"
    assert found.why == "Bedrock keeps it: ConflictException: The model is in use."
    assert deleted(keeping) == [1, 2]


def test_a_model_that_may_not_be_deleted_stays_and_somebody_has_to_look_at_it(keeping, monkeypatch):
    def denied(_model):
        raise Denied(message="not allowed: bedrock:DeleteCustomModel")

    monkeypatch.setattr(keeping.engine.deployments, "check_unused", denied)
    with pytest.raises(Transient, match="not deleted: model#support#1, model#support#2"):
        deleted(keeping)
    assert there(keeping) == [1, 2, 3, 4]
    found = deletions(keeping).of(RECIPE, 1)
    assert (found.state, "AccessDeniedException" in found.why) == ("withdrawn", True)


def test_throttling_leaves_the_claim_to_a_later_round(keeping, monkeypatch):
    def throttled(_model):
        raise Throttled(message="Too many requests")

    with monkeypatch.context() as patched:
        patched.setattr(keeping.engine.deployments, "check_unused", throttled)
        with pytest.raises(Transient, match="model#support#1, model#support#2"):
            deleted(keeping)
    assert there(keeping) == [1, 2, 3, 4]
    assert state(keeping, 1) == "claimed"
    assert deleted(keeping) == []  # the round that made it may be at work still
    age(keeping, 1), age(keeping, 2)
    assert deleted(keeping) == [1, 2]


def test_an_answer_that_is_lost_is_no_model_that_is_left(keeping):
    keeping.bedrock.lost.add("DeleteCustomModel")
    with pytest.raises(Transient):
        deleted(keeping)
    assert there(keeping) == [3, 4]
    age(keeping, 1)
    deleted(keeping)
    assert state(keeping, 1) == "deleted"


def test_one_that_somebody_deleted_by_hand_is_deleted(keeping):
    arn = keeping.registry.version(RECIPE, 1).model_arn
    del keeping.engine.models.kept[arn]
    assert deleted(keeping) == [1, 2]


def test_what_cannot_be_read_is_reported_kept_and_keeps_no_other(keeping):
    keeping.dynamodb.items["model#support#1"]["recipe"] = {"N": "7"}
    with pytest.raises(Transient, match="model#support#1"):
        deleted(keeping)
    assert state(keeping, 2) == "deleted"
    assert state(keeping, 1) is None
