"""The deployed policies, held against the functions' own credentials, over TLS."""

import json
from functools import partial

import pytest
from accounts import a_client, conversations, session
from botocore.exceptions import ClientError

RECIPE = "support-nova-micro"


@pytest.fixture(scope="module")
def run(world):
    """A whole run, from upload to model, under enforcement."""
    row = world.ended(world.upload(conversations("Enforced"), f"{RECIPE}/enforced"))
    assert row.state == "trained"
    return row


@pytest.fixture(scope="module")
def acting_as(world):
    """acting_as("PrepareDataset", "s3") → a client with that function's credentials, from where it
    runs; `plain` goes without TLS.
    """
    stack = world.client("cloudformation").get_paginator("list_stack_resources")
    found = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in stack.paginate(StackName="dev-Training")
        for each in page["StackResourceSummaries"]
    }

    def physical(start):
        return next(name for logical, name in found.items() if logical.startswith(start))

    def client(function, service, *, plain=False):
        role, function = physical(f"{function}Role"), physical(f"{function}Function")
        return a_client(world, session(world, role, function), service, plain=plain)

    return client


def refused(call):
    with pytest.raises(ClientError) as refusal:
        call()
    answer = refusal.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    return answer["Error"]["Message"]


def reading(s3, uri):
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return partial(s3.get_object, Bucket=bucket, Key=key)


def prepared_uri(run):
    return run.dataset.training_uri


def test_who_does_not_read_data_cannot(run, acting_as):
    for function in ("AuthorizeSpend", "StartTraining", "TrackTraining", "ReceiveUpload"):
        s3 = acting_as(function, "s3")
        for uri in (run.upload, prepared_uri(run)):
            assert "s3:GetObject" in refused(reading(s3, uri))


def test_who_reads_data_cannot_start_a_job(run, acting_as):
    bedrock = acting_as("PrepareDataset", "bedrock")
    job = bedrock.create_model_customization_job
    message = refused(
        partial(
            job,
            jobName="stolen",
            customModelName="stolen",
            roleArn="arn:aws:iam::000000000000:role/any",
            baseModelIdentifier="amazon.nova-micro-v1:0:128k",
            trainingDataConfig={"s3Uri": prepared_uri(run)},
            outputDataConfig={"s3Uri": "s3://elsewhere/out/"},
        )
    )
    assert "bedrock:CreateModelCustomizationJob" in message


def test_a_bucket_cannot_be_read_without_tls(run, acting_as):
    reading(acting_as("PrepareDataset", "s3"), run.upload)()
    plain = acting_as("PrepareDataset", "s3", plain=True)
    assert "explicit deny in a resource-based policy" in refused(reading(plain, run.upload))


@pytest.fixture(scope="module")
def almighty(world, acting_as):  # noqa: ARG001 -- the functions are there
    """almighty("PrepareDataset", *actions) → S3 as a role of these actions on everything, standing
    where that function is.
    """
    iam = world.client("iam")
    names = [each["FunctionName"] for each in world.functions()]

    def client(function, *actions):
        role = f"test-{'-'.join(a.split(':')[1] for a in actions)}"[:60]
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        may = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=policy(may))
        place = next(name for name in names if function in name)
        return a_client(world, session(world, role, place), "s3")

    return client


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_an_object_cannot_be_read_without_its_key(run, almighty):
    s3 = almighty("PrepareDataset", "s3:GetObject")
    assert "kms:Decrypt" in refused(reading(s3, run.upload))


def test_the_vpc_lets_nothing_out_that_its_endpoint_does_not_name(run, almighty):
    s3 = almighty("PrepareDataset", "s3:DeleteObject")
    bucket, _, key = run.upload.removeprefix("s3://").partition("/")
    message = refused(partial(s3.delete_object, Bucket=bucket, Key=key))
    assert "no VPC endpoint policy allows the s3:DeleteObject action" in message


def test_a_service_without_an_endpoint_is_out_of_reach(world, acting_as):
    """Its role may receive, for Lambda does so in its name; its own code is in the VPC."""
    receive = acting_as("ReceiveUpload", "sqs").receive_message
    queue = world.account.outputs["Queue"]
    assert "no endpoint for sqs" in refused(partial(receive, QueueUrl=queue))
