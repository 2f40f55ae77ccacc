"""Bucket policies that S3 refuses, and those that it is known to take."""

import pytest

from emulator.bucket_policy_rules import malformed

BUCKET = "arn:aws:s3:::b"
OBJECTS = f"{BUCKET}/*"
INVALID_ACTION = "Policy has invalid action"
INVALID_RESOURCE = "Policy has invalid resource"
NO_RESOURCE = "Action does not apply to any resource(s) in statement"
NO_CONDITION = "Conditions do not apply to combination of actions and resources in statement"
PREFIX = {"StringLike": {"s3:prefix": "jobs/*"}}
KEYED = {"Null": {"s3:x-amz-server-side-encryption": "false"}}


def said(action, *resources, condition=None, **rest):
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, **rest}
    if resources:
        statement["Resource"] = list(resources)
    if condition:
        statement["Condition"] = condition
    return malformed({"Statement": [statement]}, BUCKET)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (("s3:PutObject", BUCKET), NO_RESOURCE),  # versity/versitygw#645
        (("s3:ListBucket", OBJECTS), NO_RESOURCE),
        (
            (["s3:GetObject", "s3:ListBucket"], OBJECTS),
            NO_RESOURCE,
        ),  # wandb/terraform-aws-wandb#156
        (("s3:GetObjects", OBJECTS), INVALID_ACTION),
        (("s3:GetObject", "arn:aws:s3:::other/*"), INVALID_RESOURCE),
    ],
)
def test_an_action_is_one_of_a_resource_of_its_statement(statement, why):
    assert said(*statement) == why


@pytest.mark.parametrize(
    "actions",
    [
        ["s3:GetBucketLocation", "s3:ListBucket"],  # humanmade/S3-Uploads#239
        ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
    ],
)
def test_each_action_knows_the_keys_of_its_statement(actions):
    assert said(actions, BUCKET, condition=PREFIX) == NO_CONDITION
    assert said("s3:ListBucket", BUCKET, condition=PREFIX) is None


def test_of_a_wildcard_one_action_must_know_them():
    assert said("s3:*", BUCKET, OBJECTS, condition=KEYED) is None
    assert said("s3:Get*", BUCKET, OBJECTS, condition=KEYED) == NO_CONDITION
    assert said("s3:*", BUCKET, condition=KEYED) == NO_CONDITION


def test_what_is_left_out_is_no_resource_of_the_statement():
    assert said("s3:*", NotResource=[BUCKET, f"{BUCKET}/datasets/*"]) is None
    assert said("s3:ListBucket", NotResource=BUCKET) == NO_RESOURCE
    assert said("s3:PutObject", NotResource=OBJECTS) == NO_RESOURCE


def test_keys_of_every_request_go_with_every_action():
    for condition in (
        {"NumericLessThan": {"s3:TlsVersion": 1.2}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    ):
        assert said("s3:GetBucketLocation", BUCKET, condition=condition) is None
