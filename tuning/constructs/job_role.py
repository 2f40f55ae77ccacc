"""The service role that Bedrock assumes for a customization job: what the AWS pages demand, no more.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.bedrock_role import JobKind, VpcJobRole, list_below, model_key
from tuning.constructs.bucket_policies import JOB
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.policies import Statement, allow_equals, allow_key
from tuning.constructs.storage import Storage

_CUSTOMIZATION = JobKind(resource="model-customization-job", tag="BedrockModelCustomizationJobArn")


def job_role(scope: Construct, parts: EnvironmentParts) -> iam.Role:
    """Reads prepared data only, writes job output only, places interfaces in our subnets only."""
    data = _data(scope, parts.storage)
    return VpcJobRole(
        scope, "JobRole", kind=_CUSTOMIZATION, network=parts.network, part=JOB, data=data
    ).role


def _data(scope: Construct, storage: Storage) -> list[Statement]:
    ours = {"aws:ResourceAccount": cdk.Stack.of(scope).account}
    key = storage.data_key.key_arn
    return [
        allow_equals(["s3:GetObject"], [storage.prepared.arn_for_objects("prepared/*")], ours),
        # Bedrock first writes .write_access_check_file.temp under the output prefix.
        allow_equals(
            ["s3:GetObject", "s3:PutObject"], [storage.artifacts.arn_for_objects("jobs/*")], ours
        ),
        list_below(scope, storage.prepared.bucket_arn, "prepared/*"),
        list_below(scope, storage.artifacts.bucket_arn, "jobs/*"),
        allow_key(scope, key, "s3", "Decrypt", "GenerateDataKey"),
        model_key(scope, key),
    ]
