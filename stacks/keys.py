"""Keys of ours: rotated, kept when their stack goes, and lent to nobody but AWS services."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


def own_key(scope: Construct, construct_id: str, description: str) -> kms.Key:
    key = kms.Key(
        scope,
        construct_id,
        description=description,
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    key.add_to_resource_policy(_grants_for_services_only())
    return key


def _grants_for_services_only() -> iam.PolicyStatement:
    """A grant outlives the session that made it and stands in no policy, so that it is the quiet
    way to lend a key out. Services that make grants for a caller say so in the request.

    That Bedrock says so too is not documented; its sample event shows a call that a service made.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
    https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
    """
    return iam.PolicyStatement(
        sid="DenyGrantsToOthers",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["kms:CreateGrant"],
        resources=["*"],
        conditions={
            "BoolIfExists": {
                "kms:GrantIsForAWSResource": "false",
                "aws:PrincipalIsAWSService": "false",
            }
        },
    )
