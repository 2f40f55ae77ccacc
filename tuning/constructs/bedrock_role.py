"""What the service roles have in common that Bedrock assumes for jobs in our VPC: customization jobs and import jobs.

The interfaces of a job carry a tag that says of which kind it is, so that no role of one kind may place those of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.bucket_policies import PART
from tuning.constructs.network import Network
from tuning.constructs.policies import Statement, allow


@dataclass(frozen=True, kw_only=True)
class JobKind:
    resource: str
    """In the ARN of its jobs."""
    tag: str
    """Of its network interfaces, with the job's ARN."""


def bedrock_role(
    scope: Construct, description: str, *, kind: JobKind, wildcard: iam.IManagedPolicy, part: str
) -> iam.Role:
    """For jobs of that kind of this account; `part`: how bucket policies call it."""
    role = iam.Role(
        scope,
        "Role",
        description=description,
        assumed_by=iam.ServicePrincipal(
            "bedrock.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account},
                "ArnEquals": {"aws:SourceArn": _jobs(scope, kind)},
            },
        ),
        managed_policies=[wildcard],
    )
    cdk.Tags.of(role).add(PART, part)
    return role


def list_below(scope: Construct, bucket: str, prefix: str) -> Statement:
    """HeadBucket is the same right, and names no prefix: it must not be denied for that.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    return allow(
        actions=["s3:ListBucket"],
        resources=[bucket],
        conditions={
            "StringEquals": {"aws:ResourceAccount": cdk.Stack.of(scope).account},
            "StringLikeIfExists": {"s3:prefix": prefix},
        },
    )


def model_key(scope: Construct, key: str) -> Statement:
    """The page does not say which principal creates the grant, the role or its caller; both
    have the right. https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
    """
    return allow_equals(
        ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
        [key],
        {"kms:ViaService": f"bedrock.{cdk.Stack.of(scope).region}.amazonaws.com"},
    )


def place_interfaces(scope: Construct, network: Network, kind: JobKind) -> list[Statement]:
    """In our subnets and group, and only those of such a job."""
    jobs, stack = _jobs(scope, kind), cdk.Stack.of(scope)
    ec2 = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}"
    subnets = [f"{ec2}:subnet/{subnet}" for subnet in network.job_subnet_ids]
    interfaces = f"{ec2}:network-interface/*"
    return [
        allow(
            actions=["ec2:CreateNetworkInterface"],
            resources=[interfaces],
            conditions={
                "StringEquals": {"aws:RequestTag/BedrockManaged": "true"},
                "ArnEquals": {f"aws:RequestTag/{kind.tag}": jobs},
            },
        ),
        allow(
            actions=["ec2:CreateNetworkInterface"],
            resources=[*subnets, f"{ec2}:security-group/{network.jobs_group.id}"],
        ),
        allow(
            actions=[
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            # The page has `*`, but its conditions only hold where the resource is an interface.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            resources=[interfaces],
            conditions={
                "ArnEquals": {"ec2:Subnet": subnets, f"ec2:ResourceTag/{kind.tag}": jobs},
                "StringEquals": {"ec2:ResourceTag/BedrockManaged": "true"},
            },
        ),
        allow(
            actions=["ec2:CreateTags"],
            resources=[interfaces],
            conditions={
                "StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["BedrockManaged", kind.tag]},
            },
        ),
    ]


def allow_equals(actions: list[str], resources: list[str], equals: Mapping[str, str]) -> Statement:
    return allow(actions=actions, resources=resources, conditions={"StringEquals": equals})


def _jobs(scope: Construct, kind: JobKind) -> str:
    stack = cdk.Stack.of(scope)
    return stack.format_arn(service="bedrock", resource=kind.resource, resource_name="*")
