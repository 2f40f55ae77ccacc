"""Buckets of stacks that an environment has only where it asks for them: of weights, and of documents."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.bucket import old_versions, private_bucket, restrict
from tuning.constructs.bucket_policies import (
    DOCUMENT_UPLOADS,
    IMPORT_JOB_PART,
    KNOWLEDGE_PART,
    WEIGHTS,
    Boundary,
    PolicyOpening,
    for_everybody,
    merged_by_our_functions_only,
    our_key_only,
)
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.policies import Statement

_MERGED_DAYS = 14
"""What was imported is in Bedrock, and can be merged again; an import waits a few days at most for those before it."""


def weights_bucket(scope: Construct, parts: EnvironmentParts) -> s3.Bucket:
    """Bases and models that people upload, and merged models, which only our functions write."""
    merged = s3.LifecycleRule(
        id="MergedModels", prefix="merged/", expiration=cdk.Duration.days(_MERGED_DAYS)
    )
    bucket = _bucket(scope, "Weights", parts, lifecycle=[merged], abandoned_days=7)
    merging = merged_by_our_functions_only(bucket)
    _close(bucket, parts, merging, opening=WEIGHTS, job_part=IMPORT_JOB_PART)
    return bucket


def documents_bucket(scope: Construct, parts: EnvironmentParts) -> s3.Bucket:
    """What assistants answer from: people write there, and the roles of knowledge bases read."""
    bucket = _bucket(scope, "Documents", parts)
    _close(bucket, parts, opening=DOCUMENT_UPLOADS, job_part=KNOWLEDGE_PART, job_elsewhere=True)
    return bucket


def _bucket(
    scope: Construct,
    name: str,
    parts: EnvironmentParts,
    *,
    lifecycle: Sequence[s3.LifecycleRule] = (),
    abandoned_days: int = 2,
) -> s3.Bucket:
    """Retained, encrypted with the data key, versioned, closed like the others.

    CDK would write it into the policy of Storage's bucket of logs, in a stack to which this one refers; that policy
    knows it by its name (storage.py).
    """
    storage = parts.storage
    bucket = private_bucket(
        scope,
        name,
        key=storage.data_key,
        access_logs=None,
        lifecycle=[*lifecycle, old_versions(days=30)],
        abandoned_days=abandoned_days,
    )
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 — narrows a CDK type
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=storage.access_logs.bucket_name, log_file_prefix=f"{name.lower()}/"
    )
    return bucket


def _close(
    bucket: s3.Bucket,
    parts: EnvironmentParts,
    *own: Sequence[Statement],
    opening: PolicyOpening,
    job_part: str,
    job_elsewhere: bool = False,
) -> None:
    boundary = Boundary(
        perimeter=parts.config.perimeter,
        vpc=parts.network.vpc,
        job_part=job_part,
        job_elsewhere=job_elsewhere,
    )
    restrict(
        bucket,
        for_everybody(bucket),
        our_key_only(bucket, parts.storage.data_key),
        *own,
        boundary.statements(bucket, opening, for_jobs=True),
    )
