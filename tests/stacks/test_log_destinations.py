"""A bucket whose access logs would be lost is refused at synth."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_s3 as s3
from stubbed_bundle import stub_bundle

from review.synthesis import CONTEXT
from stacks.deployment import Deployment
from tuning.constructs.config import Config
from tuning.constructs.log_destinations import DeliverableAccessLogs

CONFIG = Config(
    region="us-east-1",
    recipes=("support-nova-micro",),
    recipes_folder=Path(__file__).parents[2] / "recipes",
)


def errors(build):
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Stack")
    build(stack)
    cdk.Aspects.of(app).add(DeliverableAccessLogs())
    found = assertions.Annotations.from_stack(stack)
    return [one.entry.data for one in found.find_error("*", assertions.Match.any_value())]


def logged(**destination):
    def build(stack):
        logs = s3.Bucket(stack, "Logs", **destination)
        s3.Bucket(stack, "Data", server_access_logs_bucket=logs)

    return build


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ({"object_lock_enabled": True}, "has Object Lock"),
        (
            {
                "object_lock_default_retention": s3.ObjectLockRetention.governance(
                    cdk.Duration.days(1)
                )
            },
            "has Object Lock",
        ),
        ({"encryption": s3.BucketEncryption.KMS}, "aws:kms by default"),
        ({"encryption": s3.BucketEncryption.KMS_MANAGED}, "aws:kms by default"),
        ({"encryption": s3.BucketEncryption.DSSE}, "aws:kms:dsse by default"),
    ],
)
def test_a_destination_that_s3_cannot_deliver_to_is_an_error(destination, said):
    (error,) = errors(logged(**destination))
    assert said in error
    assert "Stack/Data" in error
    assert "Stack/Logs" in error
    assert "enable-server-access-logging" in error


@pytest.mark.parametrize("destination", [{}, {"encryption": s3.BucketEncryption.S3_MANAGED}])
def test_a_bucket_with_s3s_own_encryption_and_no_lock_is_none(destination):
    assert errors(logged(**destination)) == []


def test_the_destination_may_belong_to_another_stack():
    def build(stack):
        logs = s3.Bucket(cdk.Stack(stack.node.root, "Other"), "Logs", object_lock_enabled=True)
        s3.Bucket(stack, "Data", server_access_logs_bucket=logs)

    (error,) = errors(build)
    assert "Other/Logs" in error


def test_a_bucket_that_logs_to_itself_is_looked_at_too():
    logging = s3.CfnBucket.LoggingConfigurationProperty(log_file_prefix="x/")
    (error,) = errors(
        lambda stack: s3.CfnBucket(
            stack, "Data", object_lock_enabled=True, logging_configuration=logging
        )
    )
    assert "Stack/Data has Object Lock" in error


def test_of_a_bucket_of_another_app_nothing_is_said():
    def build(stack):
        logs = s3.Bucket.from_bucket_name(stack, "Logs", "elsewhere")
        s3.Bucket(stack, "Data", server_access_logs_bucket=logs)

    assert errors(build) == []


@pytest.mark.usefixtures("assembly")  # the functions' code is built for it
def test_storage_is_asked(tmp_path, monkeypatch):
    stub_bundle(monkeypatch, tmp_path)
    app = cdk.App(context=CONTEXT, builtin_cloud_formation_validation=False)
    storage = Deployment(app, "dev", config=CONFIG).storage
    storage.access_logs.node.default_child.object_lock_enabled = True
    with pytest.raises(RuntimeError) as refused:
        app.synth()
    for name in ("Artifacts", "Datasets", "Prepared"):
        assert f"/{name}/Resource would never arrive" in str(refused.value)
