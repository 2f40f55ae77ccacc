"""Log groups: always explicit, encrypted with our key, kept for as long as the Config says."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.keys import own_key


def logs_key(scope: Construct) -> kms.Key:
    """A key that CloudWatch Logs may use, for log groups of this account and Region only.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    stack = cdk.Stack.of(scope)
    key = own_key(scope, "LogsKey", "Log groups of the tuning platform")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=[
                "kms:Decrypt*",
                "kms:Describe*",
                "kms:Encrypt*",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            resources=["*"],
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                        service="logs", resource="*"
                    )
                }
            },
        )
    )
    return key


def log_group(
    scope: Construct, construct_id: str, *, key: kms.IKey, config: Config, name: str | None = None
) -> logs.LogGroup:
    group = logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        encryption_key=key,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    resource = group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101 — narrows a CDK type
    resource.retention_in_days = config.log_days
    return group
