"""The service role that Bedrock assumes for a customization job: what the AWS pages demand, no more.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.bedrock_role import (
    JobKind,
    allow_equals,
    bedrock_role,
    list_below,
    model_key,
    place_interfaces,
)
from tuning.constructs.bucket_policies import JOB
from tuning.constructs.network import Network
from tuning.constructs.policies import Statement, managed_policy
from tuning.constructs.storage import Storage

_CUSTOMIZATION = JobKind(resource="model-customization-job", tag="BedrockModelCustomizationJobArn")


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
        self.role = bedrock_role(
            self,
            "Assumed by Amazon Bedrock for model customization jobs",
            kind=_CUSTOMIZATION,
            wildcard=wildcard,
            part=JOB,
        )
        roles, placing = [self.role], place_interfaces(self, network, _CUSTOMIZATION)
        managed_policy(self, "DataPolicy", roles=roles, statements=self._data(storage))
        managed_policy(self, "NetworkPolicy", roles=roles, statements=placing)

    def _data(self, storage: Storage) -> list[Statement]:
        stack = cdk.Stack.of(self)
        ours = {"aws:ResourceAccount": stack.account}
        through_s3 = {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}
        key = storage.data_key.key_arn
        return [
            allow_equals(["s3:GetObject"], [storage.prepared.arn_for_objects("prepared/*")], ours),
            # Bedrock first writes .write_access_check_file.temp under the output prefix.
            allow_equals(
                ["s3:GetObject", "s3:PutObject"],
                [storage.artifacts.arn_for_objects("jobs/*")],
                ours,
            ),
            list_below(self, storage.prepared.bucket_arn, "prepared/*"),
            list_below(self, storage.artifacts.bucket_arn, "jobs/*"),
            allow_equals(["kms:Decrypt", "kms:GenerateDataKey"], [key], through_s3),
            model_key(self, key),
        ]
