"""Jobs started beside the pipeline, in the emulated account, and the deployed guard."""

import json
import time
from contextlib import contextmanager

import pytest
from accounts import conversations
from patience import until

RECIPE = "support-nova-micro"
FIVE_MINUTES = 300


@pytest.fixture(scope="module")
def own(world):
    """What the pipeline's own job is made of."""
    row = world.ended(world.upload(conversations("Guarded"), f"{RECIPE}/guarded"))
    assert row.state == "trained"
    return world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)


@pytest.fixture
def lasting(world):
    """Jobs stand before their first look at the data: without the VPC that look would end them, for
    the bucket policies deny it.
    """
    world.instance.add_fault(kind="stall", phase="Validation")
    yield
    world.instance.clear_faults()


@contextmanager
def without_events(world):
    """Bedrock's events are best effort: the schedule alone has to do."""
    events = world.client("events")
    name = next(
        rule["Name"]
        for page in events.get_paginator("list_rules").paginate()
        for rule in page["Rules"]
        if "GuardJobsStateChange" in rule["Name"]
    )
    events.disable_rule(Name=name)
    try:
        yield
    finally:
        events.enable_rule(Name=name)


def start(world, own, name, **changes):
    """A job with our role, and our network and key unless `changes` takes them away."""
    asked = {
        "jobName": name,
        "customModelName": name,
        "roleArn": own["roleArn"],
        "baseModelIdentifier": own["baseModelArn"],
        "customModelKmsKeyId": own["outputModelKmsKeyArn"],
        "vpcConfig": own["vpcConfig"],
        "trainingDataConfig": own["trainingDataConfig"],
        "outputDataConfig": own["outputDataConfig"],
    } | changes
    given = {key: value for key, value in asked.items() if value is not None}
    return world.client("bedrock").create_model_customization_job(**given)["jobArn"]


def status(world, job):
    return world.client("bedrock").get_model_customization_job(jobIdentifier=job)["status"]


def notices(world):
    sqs = world.client("sqs")
    got = sqs.receive_message(QueueUrl=world.inbox, MaxNumberOfMessages=10).get("Messages", [])
    world.notices.extend(json.loads(message["Body"]) for message in got)
    return world.notices


def test_the_schedule_alone_stops_a_job_without_our_vpc(world, own, lasting):  # noqa: ARG001 -- it lasts
    with without_events(world):
        began = time.monotonic()
        bare = start(world, own, "bare", vpcConfig=None)
        like_ours = start(world, own, "like-ours")
        until(lambda: status(world, bare) == "Stopped", "the job to end", polls=3000)
        assert time.monotonic() - began < FIVE_MINUTES
        assert status(world, like_ours) == "InProgress"
    assert "no vpcConfig" in notice(world, "bare")["Message"]
    assert not any("like-ours" in notice["Subject"] for notice in world.notices)


def notice(world, name):
    def look():
        return next((n for n in notices(world) if f"job: {name}" in n["Subject"]), None)

    return until(look, f"the notice of {name}")


def test_a_job_without_our_key_is_reported_when_it_completes(world, own):
    """Bedrock names the key of a model when there is a model, and no sooner for certain."""
    job = start(world, own, "keyless", customModelKmsKeyId=None)
    until(lambda: status(world, job) == "Completed", "the job to complete")
    assert (
        "not encrypt its model with a key of this platform" in notice(world, "keyless")["Message"]
    )


def test_an_event_of_bedrock_wakes_the_guard_at_once(world, own, lasting):  # noqa: ARG001 -- it lasts
    job = start(world, own, "eventful", vpcConfig=None)
    until(lambda: status(world, job) == "Stopped", "the guard to stop it")


def test_a_job_of_someone_else_is_left_alone(world, own, lasting):  # noqa: ARG001 -- it lasts
    """With a role, data and a key of their own; without a VPC, and not asked to have one."""
    s3, iam = world.client("s3"), world.client("iam")
    s3.create_bucket(Bucket="others")
    role = own["roleArn"].rsplit("/", 1)[-1]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    theirs = iam.create_role(RoleName="others", AssumeRolePolicyDocument=json.dumps(trust))
    world.instance.advance_clock(world.instance.settings.role_seconds)  # until Bedrock knows it
    uris = {"s3Uri": "s3://others/train.jsonl"}
    apart = {
        "roleArn": theirs["Role"]["Arn"],
        "trainingDataConfig": uris,
        "outputDataConfig": {"s3Uri": "s3://others/out/"},
        "customModelKmsKeyId": None,
        "vpcConfig": None,
    }
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName="others", PolicyName="data", PolicyDocument=policy)
    body = s3_text(world, own["trainingDataConfig"]["s3Uri"])
    s3.put_object(Bucket="others", Key="train.jsonl", Body=body)
    alone = start(world, own, "alone", **apart)
    beside = start(world, own, "beside", vpcConfig=None)  # its end shows that the guard was there
    until(lambda: status(world, beside) == "Stopped", "the guard to come by", polls=3000)
    assert status(world, alone) == "InProgress"


def s3_text(world, uri):
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
