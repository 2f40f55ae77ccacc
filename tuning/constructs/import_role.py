"""The service role that Bedrock assumes for an import job: it reads merged models, and nothing else.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-import-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-custom-model-import.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.bedrock_role import (
    JobKind,
    allow_equals,
    bedrock_role,
    list_below,
    model_key,
    place_interfaces,
)
from tuning.constructs.bucket_policies import IMPORT_JOB_PART
from tuning.constructs.network import Network
from tuning.constructs.policies import Statement, managed_policy

_IMPORT = JobKind(resource="model-import-job", tag="BedrockModelImportJobArn")
_FOLDERS = "merged/*/model/*"
"""Of all imports: their ids are not known beforehand. What lies beside a folder, such as its plan, is not in it."""


class ImportRole(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        weights: s3.IBucket,
        key: str,
    ) -> None:
        """`key`: the ARN of that of weights and models."""
        super().__init__(scope, construct_id)
        self.role: iam.Role = bedrock_role(
            self,
            "Assumed by Amazon Bedrock for model import jobs",
            kind=_IMPORT,
            wildcard=network.wildcard.jobs,
            part=IMPORT_JOB_PART,
        )
        roles, placing = [self.role], place_interfaces(self, network, _IMPORT)
        managed_policy(self, "DataPolicy", roles=roles, statements=self._data(weights, key))
        managed_policy(self, "NetworkPolicy", roles=roles, statements=placing)

    def _data(self, weights: s3.IBucket, key: str) -> list[Statement]:
        stack = cdk.Stack.of(self)
        ours = {"aws:ResourceAccount": stack.account}
        through_s3 = {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}
        return [
            allow_equals(["s3:GetObject"], [weights.arn_for_objects(_FOLDERS)], ours),
            list_below(self, weights.bucket_arn, "merged/*"),
            allow_equals(["kms:Decrypt"], [key], through_s3),
            model_key(self, key),
        ]
