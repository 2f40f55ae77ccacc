"""Releases of imported models: live is what has the tags, and what was live stays so until the next has answered."""

from datetime import UTC, datetime, timedelta

import pytest
from imported_world import ARN, DiedError, Importing
from release_world import RECIPE

from lambdas import plan_evaluation, verify_release
from tuning.releases.deployment_status import Deployed, DeploymentStatus, todo
from tuning.releases.release_request import ReleaseRequest
from tuning.runs.times import zulu

FIRST, SECOND = f"{ARN}0000001", f"{ARN}0000002"


@pytest.fixture
def importing(aws, context, monkeypatch):
    return Importing(aws, context, monkeypatch)


@pytest.fixture
def one_live(importing):
    """The first of two versions."""
    importing.imports(), importing.imports()
    importing.release(importing.request(1))
    return importing


def test_a_first_version_is_live_by_its_tags_and_asked_by_its_own_arn(importing):
    importing.imports()
    assert importing.release(importing.request(1))["version"] == 1
    live = importing.live
    assert (importing.tagged, live.deployment_arn, live.due) == ([FIRST], FIRST, None)
    assert live.served_by == "imported"
    assert importing.runtime.asked == [("InvokeModel", FIRST)]
    assert importing.runtime.bodies[0]["max_tokens"] == verify_release.MOST_TOKENS
    assert importing.imported.tags[FIRST]["environment"] == "dev"


def test_one_that_takes_converse_is_asked_by_it(importing):
    importing.imports(converse=True)
    importing.release(importing.request(1))
    assert importing.runtime.asked == [("Converse", FIRST)]


def test_what_was_live_stays_so_until_the_next_has_answered_and_then_no_longer(one_live):
    one_live.runtime.cold = 7
    assert one_live.release(one_live.request(2))["version"] == 2
    assert one_live.runtime.live_when_asked == [1, *[2] * 8]
    live = one_live.live
    assert (one_live.tagged, live.version, live.before) == ([SECOND], 2, 1)
    assert live.deployment_arn == SECOND


def test_a_rollback_brings_the_former_one_back(importing):
    importing.imports(), importing.imports()
    for version in (1, 2):
        importing.release(importing.request(version))
    importing.release(ReleaseRequest.rollback(importing.live, None, by="arn:ann"))
    assert (importing.tagged, importing.live.version, importing.live.before) == ([FIRST], 1, 2)


def test_one_that_does_not_answer_is_live_no_longer_and_what_was_goes_on(one_live):
    one_live.runtime.silent.add(SECOND)
    outcome = one_live.release(one_live.request(2))
    assert (outcome["state"], outcome["version"]) == ("failed", 1)
    assert "ModelErrorException" in outcome["summary"]
    assert (one_live.tagged, one_live.live.deployment_arn) == ([FIRST], FIRST)


def test_a_first_one_that_does_not_answer_leaves_nothing_live(importing):
    importing.imports()
    importing.runtime.silent.add(FIRST)
    assert importing.release(importing.request(1))["state"] == "failed"
    assert (importing.tagged, importing.live.version, importing.live.change) == ([], None, None)


@pytest.mark.parametrize("death", range(8))
@pytest.mark.parametrize("kind", ["promote", "rollback"])
def test_a_process_that_dies_at_any_change_leaves_one_model_live(importing, kind, death):
    importing.imports(), importing.imports()
    for version in (1, 2) if kind == "rollback" else (1,):
        importing.release(importing.request(version))
    importing.imported.changes, importing.imported.dies_at = 0, death
    request = (
        ReleaseRequest.rollback(importing.live, None, by="arn:ann")
        if kind == "rollback"
        else importing.request(2)
    )
    wanted = 1 if kind == "rollback" else 2
    assert importing.release(request)["version"] == wanted
    assert importing.tagged == [f"{ARN}000000{wanted}"]
    assert importing.live.version == wanted


@pytest.mark.parametrize("death", range(4))
def test_what_a_killed_release_left_live_beside_it_is_mended_by_the_next(one_live, death):
    """Its execution is ended by somebody, so that no step of it is tried again."""
    one_live.imported.changes, one_live.imported.dies_at = 0, death
    killed = one_live.request(2)
    start = one_live.begin(killed)
    try:
        deployed = one_live.deploy(start, start["target"])
        one_live.deploy(start, start["target"], {**deployed, "verified": True})
    except (DiedError, AssertionError):
        pass
    one_live.steps.end(killed.execution)
    one_live.imported.dies_at = -1
    third = one_live.imports()
    assert one_live.begin(one_live.request(3))["before"] in (FIRST, SECOND)
    assert one_live.release(one_live.request(3))["version"] == 3
    assert one_live.tagged == [third.model_arn]


def test_of_two_that_are_live_the_one_that_the_ledger_has_is_brought_back(importing):
    importing.imports(), importing.imports(), importing.imports()
    importing.release(importing.request(2))
    killed = importing.request(1)
    start = importing.begin(killed)
    importing.deploy(start, start["target"])
    importing.steps.end(killed.execution)
    assert importing.tagged == [FIRST, SECOND]
    third = f"{ARN}0000003"
    importing.runtime.silent.add(third)
    assert importing.release(importing.request(3))["version"] == 2
    assert importing.tagged == [SECOND]


def test_a_former_model_that_cannot_be_untagged_is_said_and_what_is_recorded_stays(one_live):
    one_live.imported.refuses.add("UntagResource")
    outcome = one_live.release(one_live.request(2))
    assert (outcome["state"], outcome["version"]) == ("failed", 1)
    assert "AccessDeniedException" in outcome["summary"]
    one_live.imported.refuses.clear()
    one_live.release(one_live.request(2))
    assert one_live.tagged == [SECOND]


def test_a_model_that_somebody_has_deleted_is_refused_in_awss_words(importing):
    importing.imports()
    importing.imported.tags.clear()
    outcome = importing.release(importing.request(1))
    assert outcome["state"] == "failed"
    assert "ResourceNotFoundException" in outcome["summary"]


def test_models_of_others_and_of_other_environments_are_left_alone(importing):
    importing.imports()
    others = {"tuning:environment": "prod", "tuning:recipe": RECIPE}
    importing.imported.tags[f"{ARN}prod"], importing.imported.tags[f"{ARN}none"] = others, {}
    importing.release(importing.request(1))
    assert importing.tagged == [FIRST]
    assert importing.imported.tags[f"{ARN}prod"] == others
    assert importing.imported.tags[f"{ARN}none"] == {}


def test_a_model_is_waited_for_while_it_is_loaded_and_not_for_ever(importing):
    importing.imports()
    importing.runtime.cold = 1000
    deployed = Deployed(state="active", arn=FIRST, converse=False, since=zulu(datetime.now(UTC)))
    verified = verify_release.handler({"deployment": deployed.to_json()}, importing.context)
    assert verified["state"] == "cold"
    assert "ModelNotReadyException" in verified["why"]
    long_ago = zulu(datetime.now(UTC) - timedelta(minutes=61))
    late = Deployed(state="active", arn=FIRST, converse=False, since=long_ago)
    verified = verify_release.handler({"deployment": late.to_json()}, importing.context)
    assert (verified["state"], "after an hour" in verified["why"]) == ("silent", True)


def test_an_answer_of_another_form_is_no_answer(importing):
    importing.imports()
    importing.runtime.answer = {"generation": "Ready."}
    outcome = importing.release(importing.request(1))
    assert (outcome["state"], importing.tagged) == ("failed", [])
    assert "not a chat completion" in outcome["summary"]


def test_its_recipe_says_for_how_long_it_may_be_live(importing):
    importing.imports()
    importing.hours(4)
    before = datetime.now(UTC)
    importing.release(importing.request(1))
    due = importing.live.due
    assert zulu(before + timedelta(hours=4)) <= due <= zulu(before + timedelta(hours=4.1))
    assert importing.lives.provisioned() == [RECIPE]
    assert importing.live.served_by == "imported"


def test_it_is_released_by_a_person_and_never_evaluated(importing):
    model = importing.imports()
    request = ReleaseRequest.of_model(model)
    event = {"request": request.to_json(), "execution": request.execution}
    assert plan_evaluation.handler(event, importing.context)["state"] == "not_needed"
    outcome = importing.release(request)
    assert outcome["state"] == "refused"
    assert "neither a person nor the gate" in outcome["summary"]
    assert importing.tagged == []


def test_without_a_recipe_that_imports_it_is_refused(importing):
    importing.imports()
    importing.recipes.clear()
    assert "no recipe of method IMPORT" in importing.release(importing.request(1))["summary"]


def test_it_takes_no_place_of_what_is_served_in_another_way_nor_gives_it_up(importing):
    trained = importing.trained_here()
    importing.imports()
    importing.lay_live(1, trained.model_arn.replace("custom-model/", "custom-model-deployment/"))
    outcome = importing.release(importing.request(2))
    assert (outcome["state"], importing.tagged) == ("refused", [])
    assert "is not served that way" in outcome["summary"]
    importing.lay_live(2, FIRST)
    assert "is not served that way" in importing.release(importing.request(1))["summary"]


def test_the_next_step_is_known_from_what_is_live():
    one = DeploymentStatus(arn="b", model_arn="b", status="active", others=("a", "c"))
    assert todo(one, "b", asked=True, alone=False) == "done"
    assert todo(one, "b", asked=True) == "retire"
    assert todo(one, "d", asked=False, alone=False) == "update"
    assert todo(one, None, asked=False) == "delete"
    assert one.preferring("a") == DeploymentStatus(
        arn="a", model_arn="a", status="active", others=("b", "c")
    )
    assert one.preferring("d") is one
    assert one.preferring(None) is one
