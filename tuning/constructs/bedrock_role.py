"""What the service roles have in common that Bedrock assumes for jobs in our VPC: customization jobs and import jobs.

The interfaces of a job carry a tag that says of which kind it is, so that no role of one kind may place those of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.arns import bedrock_arn
from tuning.constructs.bucket_policies import PART
from tuning.constructs.network import Network
from tuning.constructs.policies import Statement, allow, allow_key, assumed_by, managed_policy


@dataclass(frozen=True, kw_only=True)
class JobKind:
    resource: str
    """In the ARN of its jobs."""
    tag: str
    """Of its network interfaces, with the job's ARN."""


class VpcJobRole(Construct):
    """Bedrock assumes it for jobs of one kind of this account, and places their interfaces in our subnets."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        kind: JobKind,
        network: Network,
        part: str,
        data: Sequence[Statement],
    ) -> None:
        """`part`: how bucket policies call it; `data`: what it may do with what is stored."""
        super().__init__(scope, construct_id)
        jobs = bedrock_arn(self, kind.resource)
        self.role = iam.Role(
            self,
            "Role",
            description=f"Assumed by Amazon Bedrock for {kind.resource.replace('-', ' ')}s",
            assumed_by=assumed_by(self, "bedrock", jobs, "ArnEquals"),
            managed_policies=[network.wildcard.jobs],
        )
        cdk.Tags.of(self.role).add(PART, part)
        roles, placing = [self.role], _place_interfaces(self, network, kind.tag, jobs)
        managed_policy(self, "DataPolicy", roles=roles, statements=data)
        managed_policy(self, "NetworkPolicy", roles=roles, statements=placing)


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
    used = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey")
    return allow_key(scope, key, "bedrock", *used)


def _place_interfaces(scope: Construct, network: Network, tag: str, jobs: str) -> list[Statement]:
    """In our subnets and group, and only those of such a job."""
    stack = cdk.Stack.of(scope)
    ec2 = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}"
    subnets = [f"{ec2}:subnet/{subnet}" for subnet in network.job_subnet_ids]
    interfaces = f"{ec2}:network-interface/*"
    return [
        allow(
            actions=["ec2:CreateNetworkInterface"],
            resources=[interfaces],
            conditions={
                "StringEquals": {"aws:RequestTag/BedrockManaged": "true"},
                "ArnEquals": {f"aws:RequestTag/{tag}": jobs},
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
                "ArnEquals": {"ec2:Subnet": subnets, f"ec2:ResourceTag/{tag}": jobs},
                "StringEquals": {"ec2:ResourceTag/BedrockManaged": "true"},
            },
        ),
        allow(
            actions=["ec2:CreateTags"],
            resources=[interfaces],
            conditions={
                "StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["BedrockManaged", tag]},
            },
        ),
    ]
