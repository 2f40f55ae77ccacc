"""The bucket of documents, from which assistants answer: people write there, and Bedrock reads."""

from dataclasses import replace

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.bucket import private_bucket, restrict
from tuning.constructs.bucket_policies import (
    DOCUMENT_UPLOADS,
    KNOWLEDGE_PART,
    Boundary,
    for_everybody,
    our_key_only,
)
from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage


def documents_bucket(
    scope: Construct, *, config: Config, network: Network, storage: Storage
) -> s3.Bucket:
    """Retained, encrypted with the data key, versioned, closed like the others but for the roles of knowledge bases."""
    bucket = private_bucket(
        scope,
        "Documents",
        key=storage.data_key,
        access_logs=None,
        lifecycle=[
            s3.LifecycleRule(id="OldVersions", noncurrent_version_expiration=cdk.Duration.days(30))
        ],
    )
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 — narrows a CDK type
    # CDK would write this bucket into the policy of Storage's, in a stack to which this one refers.
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=storage.access_logs.bucket_name, log_file_prefix="documents/"
    )
    boundary = replace(
        Boundary(perimeter=config.perimeter, vpc=network.vpc),
        job_part=KNOWLEDGE_PART,
        job_elsewhere=True,
    )
    restrict(
        bucket,
        for_everybody(bucket),
        our_key_only(bucket, storage.data_key),
        boundary.statements(bucket, DOCUMENT_UPLOADS, for_jobs=True),
    )
    return bucket
