"""A check at synth: access logs arrive only in a bucket that S3 can deliver to."""

from collections.abc import Iterator
from typing import Any, cast

import aws_cdk as cdk
import jsii
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

_SOURCE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"


@jsii.implements(cdk.IAspect)
class DeliverableAccessLogs:
    """Add it to any app or stack with `cdk.Aspects.of(scope).add(DeliverableAccessLogs())`.

    S3 answers nothing when it cannot deliver: logs are missing without an error. Object Lock can never be
    switched off again, so a wrong destination has to be found before the first deployment.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html
    """

    def visit(self, node: IConstruct) -> None:
        """An error on each bucket whose logs would be lost; the CDK command line stops at errors."""
        if not isinstance(node, s3.CfnBucket) or node.logging_configuration is None:
            return
        logging = node.stack.resolve(node.logging_configuration)
        destination = _bucket(node, logging)
        if destination is None:
            return  # a bucket of another app: nothing is known of it here
        for reason in _refusals(destination):
            cdk.Annotations.of(node).add_error(
                f"The access logs of {node.node.path} would never arrive: "
                f"{destination.node.path} {reason}. See {_SOURCE}"
            )


def _bucket(node: s3.CfnBucket, logging: dict[str, Any]) -> s3.CfnBucket | None:
    """The bucket that logs go to: the bucket itself when none is named."""
    if "destinationBucketName" not in logging:
        return node
    given = node.logging_configuration
    name = getattr(given, "destination_bucket_name", None)
    token = cdk.Tokenization.reverse_string(name).first_token if isinstance(name, str) else None
    if token is None or not cdk.Reference.is_reference(token):
        return None
    target = cast("cdk.Reference", token).target
    return target if isinstance(target, s3.CfnBucket) else None


def _refusals(destination: s3.CfnBucket) -> Iterator[str]:
    if destination.object_lock_enabled:
        yield "has Object Lock; leave it out of a bucket for logs"
    encryption = destination.stack.resolve(destination.bucket_encryption) or {}
    for rule in encryption.get("serverSideEncryptionConfiguration", ()):
        algorithm = rule.get("serverSideEncryptionByDefault", {}).get("sseAlgorithm", "")
        if algorithm.startswith("aws:kms"):
            yield f"is encrypted with {algorithm} by default; use S3_MANAGED (SSE-S3)"
