"""A bucket as all of this platform are: closed to other accounts, encrypted, versioned."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.policies import Statement


def private_bucket(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey | None,
    access_logs: s3.IBucket | None,
    lifecycle: Sequence[s3.LifecycleRule],
    locked: cdk.Duration | None = None,
    abandoned_days: int = 2,
) -> s3.Bucket:
    """`key` is None for the bucket of access logs only: S3 cannot deliver them to a bucket that is
    encrypted with SSE-KMS, nor to one with Object Lock, even without a default retention.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html

    `locked`: how long no version can be deleted but by someone who may bypass governance. Object
    Lock is on wherever data is; without a default retention it holds what someone locks by hand.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html

    `abandoned_days`: for how long the parts of an upload wait for the rest.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=key is not None,
        versioned=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        server_access_logs_bucket=access_logs,
        server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
        object_lock_enabled=key is not None or None,
        object_lock_default_retention=s3.ObjectLockRetention.governance(locked) if locked else None,
        lifecycle_rules=[_abandoned_uploads(abandoned_days), *lifecycle],
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,  # what a failed create made goes
    )
    _notify_eventbridge(bucket)
    return bucket


def restrict(bucket: s3.Bucket, *statements: Sequence[Statement]) -> None:
    """The first statement makes the policy when there is none; the others go there in one call."""
    first, *others = (iam.PolicyStatement.from_json(s) for each in statements for s in each)
    bucket.add_to_resource_policy(first)
    assert bucket.policy is not None  # noqa: S101 — narrows a CDK type
    bucket.policy.document.add_statements(*others)


def old_versions(*, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(id="OldVersions", noncurrent_version_expiration=cdk.Duration.days(days))


def _abandoned_uploads(days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="AbandonedUploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(days)
    )


def _notify_eventbridge(bucket: s3.Bucket) -> None:
    """CDK's `event_bridge_enabled` does this with a custom resource, a function and AWS's own broad
    policy; CloudFormation has a property for it.
    """
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 — narrows a CDK type
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
            event_bridge_enabled=True
        )
    )
