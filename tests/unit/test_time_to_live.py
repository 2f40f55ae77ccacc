"""Provisioned Throughput has its time, and candidates theirs: then it is removed, recorded and said, once."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from bought_world import NAME, late, removals
from interleaved import refusing
from msgspec import structs
from recipe_refusal_cases import refusal
from release_world import RECIPE
from test_evaluating import candidates, planned

from tuning.aws.transient import Transient
from tuning.releases.live_model import Change, LiveModel
from tuning.releases.time_to_live import is_over


def test_what_has_had_its_time_is_removed_recorded_and_said_once(serving, monkeypatch):
    assert removals(serving) == 0
    assert (serving.held(), serving.live.version) == ([NAME], 1)
    late(serving, 5, monkeypatch)
    assert removals(serving) == 0  # it is being deleted
    assert serving.held() == []
    assert removals(serving) == 1
    assert removals(serving) == 0
    live = serving.live
    assert (live.version, live.stopped, live.due, live.deployment_arn) == (None, 1, None, None)
    assert live.standing(1) == "not running"
    assert f"tuning promote {RECIPE} 1 -e dev starts it again" in live.last
    assert serving.notices == [f"{RECIPE}: Provisioned Throughput has ended"]
    assert serving.lives.provisioned() == []


def test_it_is_started_again_by_a_promotion_and_keeps_what_to_roll_back_to(bought, monkeypatch):
    bought.trained(), bought.trained()
    for version in (1, 2):
        bought.release(bought.request(version))
    late(bought, 5, monkeypatch)
    removals(bought), removals(bought)
    assert (bought.live.stopped, bought.live.before) == (2, 1)
    assert bought.release(bought.request(2))["state"] == "released"
    live = bought.live
    assert (live.version, live.before, live.stopped) == (2, 1, None)
    assert bought.held() == [NAME]
    late(bought, 10, monkeypatch)
    removals(bought), removals(bought)
    bought.trained()
    bought.release(bought.request(3))
    assert (bought.live.version, bought.live.before) == (3, 2)


def test_what_a_killed_release_has_bought_is_removed_in_its_time(bought, monkeypatch):
    bought.trained()
    request = bought.request(1)
    start = bought.begin(request)
    bought.deploy(start, start["target"])
    late(bought, 5, monkeypatch)
    assert removals(bought) == 0
    assert bought.held() == [NAME]  # its execution goes on
    bought.steps.end(request.execution, "ABORTED")
    removals(bought), removals(bought)
    assert (bought.held(), bought.live.change, bought.lives.provisioned()) == ([], None, [])


def test_a_killed_releases_purchase_has_its_time_first(bought):
    bought.trained()
    request = bought.request(1)
    start = bought.begin(request)
    bought.deploy(start, start["target"])
    bought.steps.end(request.execution, "ABORTED")
    assert removals(bought) == 0
    assert bought.held() == [NAME]
    assert bought.release(bought.request(1))["state"] == "released"  # taken over


def test_what_is_being_updated_as_its_time_ends_is_removed_when_it_can_be(bought, monkeypatch):
    bought.trained(), bought.trained()
    bought.release(bought.request(1))
    late(bought, 5, monkeypatch)
    bought.bedrock.update_provisioned_model_throughput(
        provisionedModelId=NAME, desiredModelId=bought.registry.version(RECIPE, 2).model_arn
    )
    removals(bought)
    assert (bought.held(), bought.live.version) == ([NAME], None)
    bought.world.seconds += 3600
    removals(bought), removals(bought)
    assert (bought.held(), len(bought.notices)) == ([], 1)


def test_a_release_that_begins_as_it_is_removed_is_not_lost(serving, monkeypatch):
    """Between the look and the last word Provisioned Throughput is bought anew: it stays on the list."""
    late(serving, 5, monkeypatch)
    removals(serving)
    live = serving.live
    request = serving.request(1)
    start = serving.begin(request)
    assert serving.lives.removed(live) is False
    assert serving.lives.provisioned() == [RECIPE]
    assert serving.deploy(start, start["target"])["state"] == "active"


def test_of_what_somebody_has_deleted_by_hand_it_is_said_that_it_does_not_run(serving, monkeypatch):
    serving.bedrock.delete_provisioned_model_throughput(provisionedModelId=NAME)
    late(serving, 5, monkeypatch)
    assert removals(serving) == 1
    assert serving.live.standing(1) == "not running"


def test_time_is_over_only_when_nobody_is_changing_it():
    now = datetime(2026, 12, 1, tzinfo=UTC)
    live = LiveModel(id="live#r", recipe="r", version=1, due="2026-12-01T00:00:00Z")
    assert not is_over(live, now, ended=lambda _: True)
    late_by_a_second = now + timedelta(seconds=1)
    assert is_over(live, late_by_a_second, ended=lambda _: True)
    change = Change(execution="e", version=2, kind="promote", by="arn:ann", started_at=live.due)
    changing = structs.replace(live, change=change)
    assert not is_over(changing, late_by_a_second, ended=lambda _: False)
    assert is_over(
        changing, late_by_a_second, ended=lambda _: True
    )  # it was killed, and buys nothing
    bought = structs.replace(changing, change=structs.replace(change, due="2026-12-01T04:00:00Z"))
    assert not is_over(bought, late_by_a_second, ended=lambda _: True)


def test_the_candidate_of_a_killed_release_is_removed(bought):
    bought.evaluable()
    plan = planned(bought)
    bought.deploy(plan["candidate"], plan["candidate"]["target"])
    bought.steps.end(candidates(bought).of(RECIPE, 1).execution, "ABORTED")
    removals(bought)
    assert bought.held() == []
    assert removals(bought) == 1


def test_a_candidate_that_is_evaluated_anew_as_the_former_is_removed_stays_listed(bought):
    """Between the look and the last word; what is on no list would be billed for ever."""
    bought.evaluable()
    planned(bought)
    known = candidates(bought)
    former = known.of(RECIPE, 1)
    known.begin(structs.replace(former, execution="anew"))
    known.end(former, "lost", "It ended without a decision.")
    known.removed(former.id, former)
    assert known.evaluating() == [former.id]
    assert (known.of(RECIPE, 1).execution, known.of(RECIPE, 1).outcome) == ("anew", "evaluating")
    known.removed(former.id, known.of(RECIPE, 1))
    assert known.evaluating() == []


@pytest.mark.parametrize(("code", "raised"), [("ConflictException", False), ("Denied", True)])
def test_what_bedrock_does_not_delete_yet_is_tried_again(serving, monkeypatch, code, raised):
    late(serving, 5, monkeypatch)
    not_now = refusal(code, "Delete", 400, "not now")
    deletes = refusing(serving.engine, "call", not_now, lambda name, *_: name.startswith("Delete"))
    with deletes, pytest.raises(Transient) if raised else nullcontext():
        removals(serving)
    assert serving.held() == [NAME]
    removals(serving), removals(serving)
    assert (serving.held(), len(serving.notices)) == ([], 1)
