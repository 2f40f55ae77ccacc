"""Releases of models that are served by Provisioned Throughput: bought for a time, never longer, and said."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_recipe
from emulated_world import LLAMA, WEST
from recipe_refusal_cases import refusal
from release_world import RECIPE, Releasing
from test_evaluating import answered, candidates, judged, planned

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import remove_candidates
from tuning.aws.transient import Transient
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.live_model import LiveModel
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import candidate_name, deployment_name
from tuning.releases.time_to_live import is_over
from tuning.runs.times import utc_time, zulu

NAME = deployment_name("dev", RECIPE)
GATE = ReleaseOptions(metric="exact_match", min_prompts=30, candidate_hours=3, provisioned_hours=4)


@pytest.fixture
def bought(aws, context):
    """The recipe's base is served by Provisioned Throughput alone, and it asks for four hours."""
    made = Releasing(aws, context, base=LLAMA, scope=WEST)
    aws.recipes[RECIPE] = any_recipe(base_model=LLAMA, release=GATE)
    return made


def answering(world):
    return world.engine.throughputs.find(WEST, NAME).model.arn


def late(world, hours, monkeypatch):
    """So many hours later, as the function that removes sees it."""

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=hours)

    monkeypatch.setattr(remove_candidates, "datetime", Later)
    world.world.seconds += hours * 3600


def removals(world):
    return remove_candidates.handler({}, world.context)["removed"]


def test_a_version_is_provisioned_for_the_hours_of_its_recipe_and_recorded_with_its_end(bought):
    first = bought.trained()
    before = datetime.now(UTC)
    assert bought.release(bought.request(1))["state"] == "released"
    live = bought.live
    assert (live.version, answering(bought), bought.held()) == (1, first.model_arn, [NAME])
    assert ":provisioned-model/" in live.deployment_arn
    assert timedelta(hours=4, seconds=-1) <= utc_time(live.due) - before <= timedelta(hours=4.1)
    found = bought.engine.throughputs.find(WEST, NAME)
    assert found.tags == {"tuning:environment": "dev", "tuning:recipe": RECIPE}
    assert (found.units, "commitmentDuration" in found.request) == (1, False)


def test_a_sibling_takes_its_place_under_the_same_arn_and_has_its_own_time(bought):
    bought.trained(), bought.trained()
    bought.release(bought.request(1))
    arn = bought.live.deployment_arn
    earlier = zulu(datetime.now(UTC) + timedelta(hours=1))
    bought.dynamodb.items[f"live#{RECIPE}"]["due"] = earlier
    assert bought.release(bought.request(2))["version"] == 2
    live = bought.live
    assert (live.version, live.before, live.deployment_arn) == (2, 1, arn)
    assert live.due > earlier
    bought.release(ReleaseRequest.rollback(bought.live, None, by="arn:ann"))
    assert (bought.live.version, bought.live.before) == (1, 2)
    assert bought.bedrock.calls.count("CreateProvisionedModelThroughput") == 1


def test_a_release_that_fails_leaves_what_answers_with_the_time_that_it_had(bought):
    first, _ = bought.trained(), bought.trained()
    bought.release(bought.request(1))
    earlier = zulu(datetime.now(UTC) + timedelta(hours=1))
    bought.dynamodb.items[f"live#{RECIPE}"]["due"] = earlier
    bought.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    assert bought.release(bought.request(2))["state"] == "failed"
    assert (bought.live.version, answering(bought)) == (1, first.model_arn)
    assert bought.live.due == earlier


def test_a_model_that_does_not_answer_gives_way_to_the_one_before(bought):
    first, second = bought.trained(), bought.trained()
    bought.release(bought.request(1))
    bought.runtime.silent.add(second.model_arn)
    assert bought.release(bought.request(2))["state"] == "failed"
    assert (bought.live.version, answering(bought)) == (1, first.model_arn)


def test_a_first_one_that_fails_or_does_not_answer_is_removed(bought):
    model = bought.trained()
    bought.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    assert bought.release(bought.request(1))["state"] == "failed"
    assert bought.held() == []
    bought.runtime.silent.add(model.model_arn)
    assert bought.release(bought.request(1))["state"] == "failed"
    assert (bought.held(), bought.live.version, bought.live.due) == ([], None, None)
    assert (removals(bought), bought.notices) == (1, [])  # off the list, and nothing to say


def test_without_a_quota_it_ends_at_once_with_its_code_and_what_is_live_stays(bought):
    bought.trained()
    bought.engine.throughputs.units = 0
    outcome = bought.release(bought.request(1))
    assert outcome["state"] == "failed"
    for word in ("no commitment model units", "L-BE77399C", "0 until AWS raises it"):
        assert word in outcome["summary"]
    assert bought.bedrock.calls.count("CreateProvisionedModelThroughput") == 1
    assert bought.live.change is None


def test_a_recipe_that_asks_for_no_hours_releases_none_and_says_which_key_would(bought):
    bought.trained()
    bought.aws.recipes[RECIPE] = any_recipe(base_model=LLAMA)
    outcome = bought.release(bought.request(1))
    assert (outcome["state"], bought.held(), bought.live.revision) == ("refused", [], 0)
    assert "provisioned_hours in its recipe's table [release]" in outcome["summary"]


def test_what_is_deployed_on_demand_does_not_become_provisioned_or_the_other_way_round(bought):
    """Callers would have to ask another ARN, and both would be there."""
    model = bought.trained()
    bought.engine.models[model.model_arn].job.offer.__dict__["on_demand"] = True
    bought.bedrock.create_custom_model_deployment(
        modelDeploymentName=NAME, modelArn=model.model_arn
    )
    assert "is deployed on demand, as" in bought.release(bought.request(1))["summary"]
    bought.world.seconds += 3600
    bought.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=NAME)
    bought.release(bought.request(1))
    bought.trained()
    bought.dynamodb.items[f"model#{RECIPE}#2"]["base_model"] = (
        "meta.llama3-3-70b-instruct-v1:0:128k"
    )
    assert "served by Provisioned Throughput until" in bought.release(bought.request(2))["summary"]
    assert bought.live.version == 1


# Its time ----------------------------------------------------------------------------------------


def test_what_has_had_its_time_is_removed_recorded_and_said_once(bought, monkeypatch):
    bought.trained()
    bought.release(bought.request(1))
    assert removals(bought) == 0
    assert (bought.held(), bought.live.version) == ([NAME], 1)
    late(bought, 5, monkeypatch)
    assert removals(bought) == 0  # it is being deleted
    assert bought.held() == []
    assert removals(bought) == 1
    assert removals(bought) == 0
    live = bought.live
    assert (live.version, live.stopped, live.due, live.deployment_arn) == (None, 1, None, None)
    assert live.standing(1) == "not running"
    assert f"tuning promote {RECIPE} 1 -e dev starts it again" in live.last
    assert bought.notices == [f"{RECIPE}: Provisioned Throughput has ended"]
    assert bought.lives.provisioned() == []


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


def test_a_release_that_begins_as_it_is_removed_is_not_lost(bought, monkeypatch):
    """Between the look and the last word the recipe is bought for anew: it stays on the list."""
    bought.trained()
    bought.release(bought.request(1))
    late(bought, 5, monkeypatch)
    removals(bought)
    live = bought.live
    request = bought.request(1)
    start = bought.begin(request)
    assert bought.lives.removed(live) is False
    assert bought.lives.provisioned() == [RECIPE]
    assert bought.deploy(start, start["target"])["state"] == "active"


def test_of_what_somebody_has_deleted_by_hand_it_is_said_that_it_does_not_run(bought, monkeypatch):
    bought.trained()
    bought.release(bought.request(1))
    bought.bedrock.delete_provisioned_model_throughput(provisionedModelId=NAME)
    late(bought, 5, monkeypatch)
    assert removals(bought) == 1
    assert bought.live.standing(1) == "not running"


def test_time_is_over_only_when_nobody_is_changing_it():
    now = datetime(2026, 12, 1, tzinfo=UTC)
    live = LiveModel(id="live#r", recipe="r", version=1, due="2026-12-01T00:00:00Z")
    assert not is_over(live, now, ended=lambda _: True)
    assert is_over(live, now + timedelta(seconds=1), ended=lambda _: True)


# Candidates --------------------------------------------------------------------------------------


def test_a_candidate_is_a_provisioned_model_of_its_own_asked_judged_and_removed(bought):
    bought.evaluable()
    bought.context.get_remaining_time_in_millis = lambda: 900_000
    plan = planned(bought)
    assert plan["candidate"]["provisioned"] is True
    candidate = bought.deploy(plan["candidate"], plan["candidate"]["target"])
    name = candidate_name("dev", RECIPE, 1)
    assert (candidate["state"], bought.held()) == ("active", [name])
    tags = bought.engine.throughputs.find(WEST, name).tags
    assert tags == {"tuning:candidate-of": "dev", "tuning:recipe": RECIPE}
    asked = answered(bought, plan, candidate)
    answered(bought, plan, candidate, asked)
    decided = judged(bought, plan)
    assert decided["outcome"] == "promote"
    assert "paid by the hour" in decided["summary"]
    assert bought.deploy(plan["candidate"], None)["state"] == "removed"
    assert bought.held() == []


def test_the_candidate_of_a_killed_release_is_removed(bought):
    bought.evaluable()
    plan = planned(bought)
    bought.deploy(plan["candidate"], plan["candidate"]["target"])
    bought.steps.end(candidates(bought).of(RECIPE, 1).execution, "ABORTED")
    removals(bought)
    assert bought.held() == []
    assert removals(bought) == 1


def test_what_is_live_is_asked_too_by_its_own_arn(bought):
    bought.evaluable(), bought.evaluable()
    bought.release(bought.request(1))
    models = planned(bought, 2)["models"]
    assert models["live"] == bought.live.deployment_arn
    assert models["base"] == "meta.llama3-2-1b-instruct-v1:0"


def test_without_hours_nothing_is_evaluated(bought):
    bought.evaluable()
    options = ReleaseOptions(metric="exact_match", min_prompts=30)
    bought.aws.recipes[RECIPE] = any_recipe(base_model=LLAMA, release=options)
    plan = planned(bought)
    assert (plan["state"], "provisioned_hours" in plan["why"]) == ("held", True)


def test_a_candidate_that_is_evaluated_anew_as_the_former_is_removed_stays_listed(bought):
    """Between the look and the last word; what is on no list would be billed for ever."""
    bought.evaluable()
    planned(bought)
    known = candidates(bought)
    former = known.of(RECIPE, 1)
    known.begin(replace(former, execution="anew"))
    known.end(former, "lost", "It ended without a decision.")
    known.removed(former.id, former)
    assert known.evaluating() == [former.id]
    assert (known.of(RECIPE, 1).execution, known.of(RECIPE, 1).outcome) == ("anew", "evaluating")
    known.removed(former.id, known.of(RECIPE, 1))
    assert known.evaluating() == []


@pytest.mark.parametrize(("code", "raised"), [("ConflictException", False), ("Denied", True)])
def test_what_bedrock_does_not_delete_yet_is_tried_again(bought, monkeypatch, code, raised):
    bought.trained()
    bought.release(bought.request(1))
    late(bought, 5, monkeypatch)
    really = bought.engine.call

    def call(operation, scope, given):
        if operation.startswith("Delete"):
            raise refusal(code, operation, 400, "not now")
        return really(operation, scope, given)

    monkeypatch.setattr(bought.engine, "call", call)
    with pytest.raises(Transient) if raised else nullcontext():
        removals(bought)
    assert bought.held() == [NAME]
    monkeypatch.setattr(bought.engine, "call", really)
    removals(bought), removals(bought)
    assert (bought.held(), len(bought.notices)) == ([], 1)
