"""Releases of models that are served by Provisioned Throughput: bought for a time, never longer, and said."""

from datetime import UTC, datetime, timedelta

from bought_world import NAME, answering, removals
from domain_builders import any_recipe
from emulated_world import LLAMA, WEST
from release_world import RECIPE
from test_evaluating import answered, judged, planned

from emulator.bedrock.injected_faults import InjectedFault
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import candidate_name
from tuning.runs.times import utc_time, zulu


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
    bought.engine.models.kept[model.model_arn].job.offer.__dict__["on_demand"] = True
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
