"""The bucket of weights: bases and models that people upload, and merged models, which only our functions write."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.bucket import private_bucket, restrict
from tuning.constructs.bucket_policies import (
    IMPORT_JOB_PART,
    WEIGHTS,
    Boundary,
    for_everybody,
    merged_by_our_functions_only,
    our_key_only,
)
from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage

_MERGED_DAYS = 14
"""What was imported is in Bedrock, and can be merged again; an import waits a few days at most for those before it."""


def weights_bucket(
    scope: Construct, *, config: Config, network: Network, storage: Storage
) -> s3.Bucket:
    """Retained, encrypted with the data key, versioned, closed like the others."""
    bucket = private_bucket(
        scope,
        "Weights",
        key=storage.data_key,
        access_logs=None,
        lifecycle=[
            s3.LifecycleRule(
                id="MergedModels", prefix="merged/", expiration=cdk.Duration.days(_MERGED_DAYS)
            ),
            s3.LifecycleRule(id="OldVersions", noncurrent_version_expiration=cdk.Duration.days(30)),
        ],
        abandoned_days=7,
    )
    _log(bucket, storage.access_logs)
    boundary = Boundary(perimeter=config.perimeter, vpc=network.vpc, job_part=IMPORT_JOB_PART)
    restrict(
        bucket,
        for_everybody(bucket),
        our_key_only(bucket, storage.data_key),
        merged_by_our_functions_only(bucket),
        boundary.statements(bucket, WEIGHTS, for_jobs=True),
    )
    return bucket


def _log(bucket: s3.Bucket, logs: s3.IBucket) -> None:
    """CDK would write this bucket into the policy of Storage's, in a stack to which this one refers; that policy
    knows it by its name (storage.py).
    """
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 — narrows a CDK type
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=logs.bucket_name, log_file_prefix="weights/"
    )
