"""The emulated Provisioned Throughput, without a server: what a caller of the API can observe.

Sources: /APIReference/API_CreateProvisionedModelThroughput.html of Amazon Bedrock, and the refusal that
cloud-custodian has recorded, tests/terraform/bedrock_provisionable_custom_model.
"""

import pytest
from emulated_world import DEPLOYMENT, EAST, LLAMA, WEST, an_engine, trained

from emulator.bedrock import api_errors as errors
from emulator.bedrock.injected_faults import InjectedFault


@pytest.fixture
def model(engine):
    return trained(engine, 1, LLAMA, WEST)


def provision(engine, model, name="live", scope=WEST, **more):
    request = {"provisionedModelName": name, "modelId": model, "modelUnits": 1} | more
    return engine.call("CreateProvisionedModelThroughput", scope, request)["provisionedModelArn"]


def described(engine, name, scope=WEST):
    return engine.call("GetProvisionedModelThroughput", scope, {"provisionedModelId": name})


def update(engine, name, model):
    given = {"provisionedModelId": name, "desiredModelId": model}
    return engine.call("UpdateProvisionedModelThroughput", WEST, given)


def delete(engine, name, scope=WEST):
    return engine.call("DeleteProvisionedModelThroughput", scope, {"provisionedModelId": name})


def listed(engine, scope=WEST, **wanted):
    found = engine.call("ListProvisionedModelThroughputs", scope, wanted)
    return found["provisionedModelSummaries"]


def test_it_is_in_service_after_its_time_and_by_no_event(engine, world, model):
    arn = provision(engine, model)
    assert described(engine, arn)["status"] == "Creating"
    world.seconds += DEPLOYMENT
    found = described(engine, "live")
    assert (found["status"], found["modelArn"], found["desiredModelArn"]) == (
        "InService",
        model,
        model,
    )
    assert found["foundationModelArn"].endswith(f"foundation-model/{LLAMA}")
    assert (found["modelUnits"], found["desiredModelUnits"]) == (1, 1)
    assert "commitmentDuration" not in found
    assert [each for each in world.published if "Provisioned" in each["type"]] == []


def test_a_sibling_takes_the_place_of_a_model_under_the_same_arn(engine, world, model):
    """While it is updated the former one answers, as the page says."""
    arn, sibling = provision(engine, model), trained(engine, 2, LLAMA, WEST)
    world.seconds += DEPLOYMENT
    update(engine, "live", sibling)
    found = described(engine, "live")
    assert (found["status"], found["modelArn"], found["desiredModelArn"]) == (
        "Updating",
        model,
        sibling,
    )
    assert engine.throughputs.find(WEST, arn).answers
    world.seconds += DEPLOYMENT
    found = described(engine, "live")
    assert (found["provisionedModelArn"], found["status"], found["modelArn"]) == (
        arn,
        "InService",
        sibling,
    )


def test_a_model_of_another_base_does_not(engine, world, model):
    provision(engine, model)
    world.seconds += DEPLOYMENT
    other = trained(engine, 2, "meta.llama3-2-3b-instruct-v1:0:128k", WEST)
    with pytest.raises(errors.ValidationError, match=LLAMA):
        update(engine, "live", other)


def test_an_update_that_fails_leaves_the_former_model_in_service(engine, world, model):
    provision(engine, model)
    world.seconds += DEPLOYMENT
    assert described(engine, "live")["status"] == "InService"
    engine.faults.add(InjectedFault(kind="fail", phase="Deployment", message="no capacity"))
    sibling = trained(engine, 2, LLAMA, WEST)
    update(engine, "live", sibling)
    world.seconds += DEPLOYMENT
    found = described(engine, "live")
    assert (found["status"], found["modelArn"], found["desiredModelArn"]) == (
        "InService",
        model,
        sibling,
    )
    assert found["failureMessage"] == "no capacity"


def test_one_that_fails_says_why_and_is_there_until_it_is_deleted(engine, world, model):
    engine.faults.add(InjectedFault(kind="fail", phase="Deployment", message="no capacity"))
    provision(engine, model)
    world.seconds += DEPLOYMENT
    found = described(engine, "live")
    assert (found["status"], found["failureMessage"]) == ("Failed", "no capacity")
    assert not engine.throughputs.find(WEST, "live").answers
    delete(engine, "live")
    with pytest.raises(errors.NotFound):
        described(engine, "live")


def test_what_is_being_made_or_updated_is_not_deleted(engine, world, model):
    provision(engine, model)
    with pytest.raises(errors.Conflict):
        delete(engine, "live")
    world.seconds += DEPLOYMENT
    update(engine, "live", trained(engine, 2, LLAMA, WEST))
    with pytest.raises(errors.Conflict):
        delete(engine, "live")
    with pytest.raises(errors.ValidationError):
        update(engine, "live", model)


def test_without_a_quota_none_is_sold_in_the_words_that_were_recorded(world):
    engine = an_engine(world, lambda task: task(), units=0)
    with pytest.raises(errors.QuotaExceeded, match="no commitment model units reserved for meta"):
        provision(engine, trained(engine, 1, LLAMA, WEST))


def test_units_of_the_account_are_counted_over_all_that_it_has(engine, world, model):
    provision(engine, model, "one")
    provision(engine, model, "two")
    with pytest.raises(errors.QuotaExceeded):
        provision(engine, model, "three")
    world.seconds += DEPLOYMENT
    delete(engine, "one")
    provision(engine, model, "three")
    assert {each["provisionedModelName"] for each in listed(engine)} == {"two", "three"}


def test_the_same_request_is_made_once_and_another_of_its_name_or_token_is_refused(engine, model):
    arn = provision(engine, model, clientRequestToken="t" * 32)
    assert provision(engine, model, clientRequestToken="t" * 32) == arn
    with pytest.raises(errors.ValidationError, match="different parameters"):
        provision(engine, model, "other", clientRequestToken="t" * 32)
    with pytest.raises(errors.ValidationError, match="in use"):
        provision(engine, model)


@pytest.mark.parametrize("more", [{"commitmentDuration": "OneMonth"}, {"modelUnits": 0}])
def test_no_commitment_is_sold_and_no_half_unit(engine, model, more):
    with pytest.raises(errors.ValidationError):
        provision(engine, model, **more)


def test_a_base_that_is_not_listed_for_it_is_refused(engine):
    model = trained(engine, 1, "meta.llama3-3-70b-instruct-v1:0:128k", WEST)
    with pytest.raises(errors.ValidationError, match="not supported"):
        provision(engine, model)


def test_a_base_model_is_served_too_and_changes_to_no_other(engine, world, model):
    provision(engine, LLAMA)
    world.seconds += DEPLOYMENT
    assert described(engine, "live")["modelArn"].endswith(f"foundation-model/{LLAMA}")
    with pytest.raises(errors.ValidationError):
        update(engine, "live", model)
    with pytest.raises(errors.ValidationError):
        provision(engine, "no.such-model-v1:0", "other")


def test_a_nova_model_is_served_when_its_key_lets_bedrock_in(engine, world):
    model = trained(engine, 1)
    world.closed = True
    with pytest.raises(errors.Denied):
        provision(engine, model, scope=EAST)
    world.closed = False
    provision(engine, model, scope=EAST)


def test_a_model_that_is_provisioned_cannot_be_deleted(engine, model):
    provision(engine, model)
    with pytest.raises(errors.Conflict):
        engine.call("DeleteCustomModel", WEST, {"modelIdentifier": model})


def test_whoever_buys_needs_the_right_on_the_model_and_to_tag(engine, world, model):
    tags = [{"key": "team", "value": "support"}]
    for action in ("bedrock:CreateProvisionedModelThroughput", "bedrock:TagResource"):
        world.forbidden = {action}
        with pytest.raises(errors.Denied, match=action):
            provision(engine, model, tags=tags)
    world.forbidden = set()
    arn = provision(engine, model, tags=tags)
    found = {"aws:ResourceTag/team": "support"}
    assert engine.condition_keys(WEST, arn) == found
    assert engine.condition_keys(WEST, WEST.arn("provisioned-model/live")) == found
    assert engine.condition_keys(WEST, WEST.arn("custom-model-deployment/live")) == {}
    answer = engine.call("ListTagsForResource", WEST, {"resourceARN": arn})
    assert answer["tags"] == tags


def test_its_name_can_be_changed_and_lists_are_filtered(engine, world, model):
    arn = provision(engine, model)
    world.seconds += DEPLOYMENT
    given = {"provisionedModelId": arn, "desiredProvisionedModelName": "renamed"}
    engine.call("UpdateProvisionedModelThroughput", WEST, given)
    assert [each["provisionedModelArn"] for each in listed(engine, nameContains="renam")] == [arn]
    assert listed(engine, statusEquals="Failed") == []
    assert listed(engine, EAST) == []
