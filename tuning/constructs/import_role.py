"""The service role that Bedrock assumes for an import job: it reads merged models, and nothing else.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-import-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-custom-model-import.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.bedrock_role import JobKind, VpcJobRole, list_below, model_key
from tuning.constructs.bucket_policies import IMPORT_JOB_PART
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.policies import allow_equals, allow_key

_IMPORT = JobKind(resource="model-import-job", tag="BedrockModelImportJobArn")
_FOLDERS = "merged/*/model/*"
"""Of all imports: their ids are not known beforehand. What lies beside a folder, such as its plan, is not in it."""


def import_role(scope: Construct, parts: EnvironmentParts, weights: s3.IBucket) -> iam.Role:
    ours = {"aws:ResourceAccount": cdk.Stack.of(scope).account}
    key = parts.storage.data_key.key_arn
    data = [
        allow_equals(["s3:GetObject"], [weights.arn_for_objects(_FOLDERS)], ours),
        list_below(scope, weights.bucket_arn, "merged/*"),
        allow_key(scope, key, "s3", "Decrypt"),
        model_key(scope, key),
    ]
    return VpcJobRole(
        scope, "ImportRole", kind=_IMPORT, network=parts.network, part=IMPORT_JOB_PART, data=data
    ).role
