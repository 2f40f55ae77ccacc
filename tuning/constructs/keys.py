"""Our keys: rotated, kept when their stack goes, and closed to all but this account and services.

What is denied here holds whatever IAM or a grant gives. Describing a key and changing its policy are
never denied within the account, so that nobody is locked out.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from tuning.constructs.perimeter import Perimeter, principals

_Condition = Mapping[str, Mapping[str, Any]]

# Services that use a key by a grant, or for logs and alarms, call as themselves: Bedrock decrypts
# custom models so. https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
_NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}


def own_key(scope: Construct, construct_id: str, description: str) -> kms.Key:
    key = _key(scope, construct_id, description)
    _deny(key, "DenyGrantsToOthers", ["kms:CreateGrant"], _NOT_FOR_A_SERVICE)
    return key


def key_of_data(
    scope: Construct, construct_id: str, description: str, *, perimeter: Perimeter
) -> kms.Key:
    """Data under this key is opened by S3 and Bedrock, on behalf of someone who may; a ciphertext
    that leaves them is worth nothing.
    """
    key = _key(scope, construct_id, description)
    via = {name: f"{name}.{key.stack.region}.amazonaws.com" for name in ("bedrock", "s3")}
    undeclared: _Condition = {
        "StringNotEquals": {"kms:ViaService": via["bedrock"]},
        "BoolIfExists": _NO_SERVICE,
    }
    grants = _NOT_FOR_A_SERVICE if perimeter.grants_declared else undeclared
    _deny(key, "DenyGrantsToOthers", ["kms:CreateGrant"], grants)
    beside: dict[str, Mapping[str, Any]] = {
        "StringNotEquals": {"kms:ViaService": list(via.values())},
        "BoolIfExists": _NO_SERVICE,
    }
    if perimeter.break_glass:
        exempt = principals(key.stack, perimeter.break_glass)
        beside["ArnNotLike"] = {"aws:PrincipalArn": exempt}
    uses = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    _deny(key, "DenyUseBesideServices", uses, beside)
    key.add_to_resource_policy(_provisioned_models())
    return key


def _provisioned_models() -> iam.PolicyStatement:
    """Bedrock opens a Nova model under Provisioned Throughput as itself, to whom the root statement of a key
    gives nothing; AWS says that the statement "should be added by default". The context confines it to custom
    models. UNCONFIRMED: whether the request names aws:SourceAccount, so that is not asked for, as on AWS's page.
    https://docs.aws.amazon.com/nova/latest/userguide/customize-fine-tune-encrypt.html
    """
    return iam.PolicyStatement(
        sid="PermissionsNovaProvisionedThroughput",
        principals=[iam.ServicePrincipal("bedrock.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={
            "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
        },
    )


def _key(scope: Construct, construct_id: str, description: str) -> kms.Key:
    key = kms.Key(
        scope,
        construct_id,
        description=description,
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,  # a failed create leaves no billed key
    )
    foreign = {
        "StringNotEquals": {"aws:PrincipalAccount": key.stack.account},
        "BoolIfExists": _NO_SERVICE,
    }
    _deny(key, "DenyForeignAccounts", ["kms:*"], foreign)
    return key


_NOT_FOR_A_SERVICE: _Condition = {
    "BoolIfExists": {"kms:GrantIsForAWSResource": "false", **_NO_SERVICE}
}
"""A grant outlives the session that made it and appears in no policy, so that it is the quiet way to
lend a key out. Services that make grants for a caller say so in the request.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
"""


def _deny(key: kms.Key, sid: str, actions: list[str], condition: _Condition) -> None:
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    }
    key.add_to_resource_policy(iam.PolicyStatement.from_json(statement))
