"""The service role that Bedrock assumes for a customization job: what the AWS pages demand, no more.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.bucket_policies import JOB, PART
from tuning.constructs.network import Network
from tuning.constructs.policies import Statement, allow, managed_policy
from tuning.constructs.storage import Storage

_JOB_TAG = "BedrockModelCustomizationJobArn"


class JobRole(Construct):
    """Reads prepared data only, writes job output only, places interfaces in our subnets only."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        storage: Storage,
        wildcard: iam.IManagedPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack = cdk.Stack.of(self)
        self._jobs = self._stack.format_arn(
            service="bedrock", resource="model-customization-job", resource_name="*"
        )
        stack = self._stack
        self._ec2_arn = f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}"
        self.role = iam.Role(
            self,
            "Role",
            description="Assumed by Amazon Bedrock for model customization jobs",
            assumed_by=iam.ServicePrincipal(
                "bedrock.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": self._stack.account},
                    "ArnEquals": {"aws:SourceArn": self._jobs},
                },
            ),
            managed_policies=[wildcard],
        )
        cdk.Tags.of(self.role).add(PART, JOB)
        roles = [self.role]
        managed_policy(self, "DataPolicy", roles=roles, statements=self._data(storage))
        managed_policy(self, "NetworkPolicy", roles=roles, statements=self._network(network))

    def _data(self, storage: Storage) -> list[Statement]:
        ours = {"aws:ResourceAccount": self._stack.account}
        through_s3 = {"kms:ViaService": f"s3.{self._stack.region}.amazonaws.com"}
        return [
            _equals(["s3:GetObject"], [storage.prepared.arn_for_objects("prepared/*")], ours),
            # Bedrock first writes .write_access_check_file.temp under the output prefix.
            _equals(
                ["s3:GetObject", "s3:PutObject"],
                [storage.artifacts.arn_for_objects("jobs/*")],
                ours,
            ),
            self._list(storage.prepared.bucket_arn, "prepared/*"),
            self._list(storage.artifacts.bucket_arn, "jobs/*"),
            _equals(["kms:Decrypt", "kms:GenerateDataKey"], [storage.data_key.key_arn], through_s3),
            self._model_key(storage.data_key.key_arn),
        ]

    def _list(self, bucket: str, prefix: str) -> Statement:
        """HeadBucket is the same right, and names no prefix: it must not be denied for that.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        """
        return allow(
            actions=["s3:ListBucket"],
            resources=[bucket],
            conditions={
                "StringEquals": {"aws:ResourceAccount": self._stack.account},
                "StringLikeIfExists": {"s3:prefix": prefix},
            },
        )

    def _model_key(self, key: str) -> Statement:
        """The page does not say which principal creates the grant, the role or its caller; both
        have the right. https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        """
        return _equals(
            ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            [key],
            {"kms:ViaService": f"bedrock.{self._stack.region}.amazonaws.com"},
        )

    def _network(self, network: Network) -> list[Statement]:
        subnets = [self._ec2("subnet", s) for s in network.job_subnet_ids]
        interfaces = self._ec2("network-interface", "*")
        return [
            allow(
                actions=["ec2:CreateNetworkInterface"],
                resources=[interfaces],
                conditions={
                    "StringEquals": {"aws:RequestTag/BedrockManaged": "true"},
                    "ArnEquals": {f"aws:RequestTag/{_JOB_TAG}": self._jobs},
                },
            ),
            allow(
                actions=["ec2:CreateNetworkInterface"],
                resources=[*subnets, self._ec2("security-group", network.jobs_group.id)],
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
                    "ArnEquals": {
                        "ec2:Subnet": subnets,
                        f"ec2:ResourceTag/{_JOB_TAG}": self._jobs,
                    },
                    "StringEquals": {"ec2:ResourceTag/BedrockManaged": "true"},
                },
            ),
            allow(
                actions=["ec2:CreateTags"],
                resources=[interfaces],
                conditions={
                    "StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"},
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["BedrockManaged", _JOB_TAG]},
                },
            ),
        ]

    def _ec2(self, resource: str, name: str) -> str:
        return f"{self._ec2_arn}:{resource}/{name}"


def _equals(actions: list[str], resources: list[str], equals: dict[str, str]) -> Statement:
    return allow(actions=actions, resources=resources, conditions={"StringEquals": equals})
