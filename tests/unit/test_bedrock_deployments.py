"""The emulated deployments of custom models, without a server: what a caller of the API can observe.

Sources: /APIReference/API_CreateCustomModelDeployment.html of Amazon Bedrock, and the recorded answers
of cloud-custodian, tests/data/placebo/test_bedrock_custom_model_deployments_filter.
"""

import json

import pytest
from emulated_world import DEPLOYMENT, EAST, WEST, create, get, trained

from emulator.bedrock import api_errors as errors
from emulator.bedrock.injected_faults import InjectedFault
from emulator.bedrock.token_quota import TokenQuota

LLAMA = "meta.llama3-1-8b-instruct-v1:0:128k"


@pytest.fixture
def model(engine):
    return get(engine, create(engine))["outputModelArn"]


def deploy(engine, model, name="live", scope=EAST, **more):
    request = {"modelDeploymentName": name, "modelArn": model} | more
    answer = engine.call("CreateCustomModelDeployment", scope, request)
    return answer["customModelDeploymentArn"]


def described(engine, deployment, scope=EAST):
    request = {"customModelDeploymentIdentifier": deployment}
    return engine.call("GetCustomModelDeployment", scope, request)


def update(engine, deployment, model):
    request = {"customModelDeploymentIdentifier": deployment, "modelArn": model}
    return engine.call("UpdateCustomModelDeployment", EAST, request)


def delete(engine, deployment):
    request = {"customModelDeploymentIdentifier": deployment}
    return engine.call("DeleteCustomModelDeployment", EAST, request)


def test_a_deployment_is_creating_until_its_time_has_come(engine, world, model):
    arn = deploy(engine, model, description="of run 1")
    before = described(engine, arn)
    assert (before["status"], before["createdAt"]) == ("Creating", before["lastUpdatedAt"])
    world.seconds += DEPLOYMENT
    after = described(engine, arn)
    assert (after["status"], after["modelArn"], after["description"]) == (
        "Active",
        model,
        "of run 1",
    )
    assert after["lastUpdatedAt"] > after["createdAt"]
    assert arn.startswith("arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/")


def test_a_deployment_is_found_by_name_and_by_arn_and_in_its_region_only(engine, model):
    arn = deploy(engine, model)
    assert described(engine, "live") == described(engine, arn)
    with pytest.raises(errors.NotFound):
        described(engine, arn, WEST)


def test_no_event_reports_a_deployment(engine, world, model):
    before = len(world.published)
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    described(engine, "live")
    assert len(world.published) == before


def test_a_deployment_that_is_being_made_or_updated_cannot_be_deleted(engine, world, model):
    deploy(engine, model)
    with pytest.raises(errors.ValidationError, match="mutating state"):
        delete(engine, "live")
    world.seconds += DEPLOYMENT
    update(engine, "live", trained(engine, 2))
    with pytest.raises(errors.ValidationError, match="mutating state"):
        delete(engine, "live")
    world.seconds += DEPLOYMENT
    delete(engine, "live")
    with pytest.raises(errors.NotFound):
        described(engine, "live")


def test_a_name_that_is_taken_is_refused_without_a_conflict(engine, world, model):
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    with pytest.raises(errors.ValidationError, match="in use: live"):
        deploy(engine, model)


def test_the_same_token_makes_one_deployment(engine, model):
    first = deploy(engine, model, clientRequestToken="token-1")
    assert deploy(engine, model, clientRequestToken="token-1") == first
    with pytest.raises(errors.ValidationError):
        deploy(engine, model, name="other", clientRequestToken="token-1")


def test_two_deployments_are_created_at_a_time_and_ten_are_kept(engine, world, model):
    for number in range(10):
        if number % 2 == 0:
            world.seconds += DEPLOYMENT
        deploy(engine, model, name=f"d-{number}")
        if number == 1:
            with pytest.raises(errors.QuotaExceeded, match="quota of 2"):
                deploy(engine, model, name="third")
    world.seconds += DEPLOYMENT
    with pytest.raises(errors.QuotaExceeded, match="quota of 10"):
        deploy(engine, model, name="eleventh")


def test_a_base_without_on_demand_is_not_deployed(engine, world):
    world.objects["train.jsonl"] = [b'{"prompt": "Why?", "completion": "So."}'] * 1_000
    job = get(engine, create(engine, WEST, baseModelIdentifier=LLAMA), WEST)
    with pytest.raises(errors.ValidationError, match="not supported for models customized"):
        deploy(engine, job["outputModelArn"], scope=WEST)


def test_a_model_that_is_not_there_is_not_deployed(engine, model):
    with pytest.raises(errors.NotFound):
        deploy(engine, model[:-12] + "abcdefghijkl")


def test_an_update_keeps_the_arn_and_the_old_model_until_it_is_done(engine, world, model):
    arn = deploy(engine, model)
    with pytest.raises(errors.ValidationError, match="mutating state"):
        update(engine, arn, model)
    world.seconds += DEPLOYMENT
    newer = trained(engine, 2)
    update(engine, arn, newer)
    during = described(engine, arn)
    assert (during["status"], during["modelArn"]) == ("Active", model)
    assert during["updateDetails"] == {"modelArn": newer, "updateStatus": "Updating"}
    world.seconds += DEPLOYMENT
    after = described(engine, arn)
    assert (after["modelArn"], after["updateDetails"]["updateStatus"]) == (newer, "UpdateCompleted")


def test_an_update_that_fails_leaves_the_old_model(engine, world, model):
    arn = deploy(engine, model)
    world.seconds += DEPLOYMENT
    described(engine, arn)
    engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    update(engine, arn, trained(engine, 2))
    world.seconds += DEPLOYMENT
    after = described(engine, arn)
    assert (after["modelArn"], after["updateDetails"]["updateStatus"]) == (model, "UpdateFailed")


def test_a_creation_that_fails_says_why_and_keeps_its_name(engine, world, model):
    engine.faults.add(InjectedFault(kind="fail", phase="Deployment", message="no room", times=1))
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    assert described(engine, "live")["failureMessage"] == "no room"
    with pytest.raises(errors.ValidationError, match="in use"):
        deploy(engine, model)
    with pytest.raises(errors.ValidationError, match="not in Active"):
        update(engine, "live", trained(engine, 2))
    delete(engine, "live")
    assert deploy(engine, model)


def test_a_model_that_is_deployed_cannot_be_deleted(engine, world, model):
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    with pytest.raises(errors.Conflict, match="live"):
        engine.call("DeleteCustomModel", EAST, {"modelIdentifier": model})
    delete(engine, "live")
    engine.call("DeleteCustomModel", EAST, {"modelIdentifier": model})


def test_a_model_that_a_job_goes_on_training_cannot_be_deleted(engine, model, monkeypatch):
    left = []
    monkeypatch.setattr(engine, "spawn", left.append)  # it does not begin yet
    changes = {"jobName": "next", "customModelName": "next", "baseModelIdentifier": model}
    create(engine, **changes)
    with pytest.raises(errors.Conflict, match="next"):
        engine.call("DeleteCustomModel", EAST, {"modelIdentifier": model})
    left.pop()()
    engine.call("DeleteCustomModel", EAST, {"modelIdentifier": model})


def test_a_policy_can_ask_for_the_tags_of_a_model_by_its_arn_and_by_its_name(engine, monkeypatch):
    tags = [{"key": "environment", "value": "dev"}]
    arn = get(engine, create(engine, customModelTags=tags))["outputModelArn"]
    asked = []
    monkeypatch.setattr(
        engine.aws.callers, "refusal", lambda action, _on, context: asked.append((action, context))
    )
    for identifier in (arn, "model-1"):
        engine.call("GetCustomModel", EAST, {"modelIdentifier": identifier})
    assert asked == [("bedrock:GetCustomModel", {"aws:ResourceTag/environment": "dev"})] * 2


def test_a_model_that_is_gone_is_found_no_more_and_not_deleted_again(engine, model):
    engine.call("DeleteCustomModel", EAST, {"modelIdentifier": model})
    for operation in ("GetCustomModel", "DeleteCustomModel"):
        with pytest.raises(errors.NotFound):
            engine.call(operation, EAST, {"modelIdentifier": model})


def test_a_model_that_a_deployment_is_being_updated_to_cannot_be_deleted(engine, world, model):
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    other = trained(engine, 2)
    update(engine, "live", other)
    for each in (model, other):
        with pytest.raises(errors.Conflict, match="live"):
            engine.call("DeleteCustomModel", EAST, {"modelIdentifier": each})


def test_a_list_of_deployments_is_filtered_paged_and_names_them_as_aws_does(engine, world, model):
    other = trained(engine, 2)
    for name, which in (("a", model), ("b", other)):
        deploy(engine, which, name=name)
    world.seconds += DEPLOYMENT
    deploy(engine, model, name="c")

    def names(**request):
        answer = engine.call("ListCustomModelDeployments", EAST, request)
        found = answer["modelDeploymentSummaries"]
        return [each["customModelDeploymentName"] for each in found], answer.get("nextToken")

    assert names(modelArnEquals=other)[0] == ["b"]
    assert names(statusEquals="Creating")[0] == ["c"]
    first, token = names(sortOrder="Ascending", maxResults=2)
    assert (first, names(sortOrder="Ascending", maxResults=2, nextToken=token)) == (
        ["a", "b"],
        (["c"], None),
    )


def test_tags_of_deployments_can_be_read_and_changed(engine, model):
    arn = deploy(engine, model, tags=[{"key": "recipe", "value": "support"}])
    tag = {"resourceARN": arn, "tags": [{"key": "version", "value": "2"}]}
    engine.call("TagResource", EAST, tag)
    tags = engine.call("ListTagsForResource", EAST, {"resourceARN": arn})["tags"]
    assert {each["key"]: each["value"] for each in tags} == {"recipe": "support", "version": "2"}


@pytest.mark.parametrize(
    ("forbidden", "act"),
    [
        ("bedrock:CreateCustomModelDeployment", deploy),
        (
            "bedrock:UpdateCustomModelDeployment",
            lambda engine, model: update(engine, "live", model),
        ),
        ("bedrock:DeleteCustomModelDeployment", lambda engine, _model: delete(engine, "live")),
        ("bedrock:GetCustomModelDeployment", lambda engine, _model: described(engine, "live")),
    ],
)
def test_each_call_takes_its_own_right(engine, world, model, forbidden, act):
    world.forbidden.add(forbidden)
    with pytest.raises(errors.Denied, match=forbidden):
        act(engine, model)


def test_an_update_takes_the_right_on_the_model_too(engine, world, model):
    deploy(engine, model)
    world.seconds += DEPLOYMENT
    newer = trained(engine, 2)
    asked = []
    world.refusal = lambda action, resource, _context: asked.append((action, resource))
    update(engine, "live", newer)
    deployment = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/live"
    assert {resource for _, resource in asked} == {newer, deployment}


def record(prompt, completion):
    turns = (("user", prompt), ("assistant", completion))
    messages = [{"role": role, "content": [{"text": text}]} for role, text in turns]
    return json.dumps({"messages": messages}).encode()


def test_a_model_answers_with_its_nearest_example_and_needs_the_data_no_more(engine, world):
    world.objects["train.jsonl"] = [
        record("Where is my parcel?", "shipping"),
        record("I want my money back", "refund"),
        *[record(f"Hello number {number}", "greeting") for number in range(8)],
    ]
    arn = trained(engine, 1)
    world.objects.clear()
    answer = engine.models.kept[arn].examples.answer
    assert answer("my PARCEL, where?") == "shipping"
    assert answer("money!") == "refund"
    assert answer("zzz") == "shipping", "the first of equals"


def test_tokens_of_a_base_are_given_back_after_a_minute():
    quota = TokenQuota(per_minute=100)
    assert quota.take("nova", 60, 0)
    assert not quota.take("nova", 60, 59)
    assert quota.take("llama", 60, 59), "each base has its own"
    assert quota.take("nova", 60, 60)
