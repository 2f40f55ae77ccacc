"""What the caller of the emulated Bedrock must be allowed."""

import pytest
from emulated_world import EAST, create, get

from emulator.bedrock import api_errors as errors

KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
TAGS = [{"key": "run", "value": "1"}]


@pytest.mark.parametrize(
    "action",
    [
        "bedrock:CreateModelCustomizationJob",
        "bedrock:TagResource",
        "iam:PassRole",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
    ],
)
def test_a_caller_that_lacks_one_permission_starts_no_job(engine, world, action):
    world.forbidden.add(action)
    with pytest.raises(errors.Denied, match=action):
        create(engine, jobTags=TAGS, customModelKmsKeyId=KEY)
    assert not engine.jobs.kept


@pytest.mark.parametrize(
    ("action", "asked"),
    [("kms:CreateGrant", {"jobTags": TAGS}), ("bedrock:TagResource", {"customModelKmsKeyId": KEY})],
)
def test_what_a_request_does_not_use_needs_no_permission(engine, world, action, asked):
    world.forbidden.add(action)
    assert create(engine, **asked)


@pytest.mark.parametrize("operation", ["GetModelCustomizationJob", "StopModelCustomizationJob"])
def test_looking_and_stopping_are_permissions_of_their_own(engine, world, operation):
    job = create(engine)
    world.forbidden.add(f"bedrock:{operation}")
    with pytest.raises(errors.Denied, match=job):
        engine.call(operation, EAST, {"jobIdentifier": job})


def test_a_denied_stop_leaves_the_job_alone(engine, world):
    job = create(engine)
    world.forbidden.add("bedrock:StopModelCustomizationJob")
    with pytest.raises(errors.Denied):
        engine.call("StopModelCustomizationJob", EAST, {"jobIdentifier": job})
    assert get(engine, job)["status"] == "Completed"


def test_a_call_about_a_deployment_is_judged_by_its_tags(engine, world, monkeypatch):
    """By its name or its ARN; a model has none of them."""
    create(engine)
    request = {"modelDeploymentName": "live", "modelArn": next(iter(engine.models.kept))}
    engine.call("CreateCustomModelDeployment", EAST, {**request, "tags": TAGS})
    asked = []
    monkeypatch.setattr(world, "refusal", lambda *given: asked.append(given), raising=False)
    world.seconds += 3600
    for name in ("live", engine.deployments.find(EAST, "live").arn):
        given = {"customModelDeploymentIdentifier": name}
        engine.call("GetCustomModelDeployment", EAST, given)
    model = {"modelArn": request["modelArn"], "customModelDeploymentIdentifier": "live"}
    engine.call("UpdateCustomModelDeployment", EAST, model)
    tags = [context for _, _, context in asked]
    assert tags == [{"aws:ResourceTag/run": "1"}] * 2 + [{}, {"aws:ResourceTag/run": "1"}]
