"""The service role that Bedrock assumes for evaluation jobs in which a judge model rates answers.

https://docs.aws.amazon.com/bedrock/latest/userguide/judge-service-roles.html
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.arns import bedrock_arn, judge_arns
from tuning.constructs.bedrock_role import list_below
from tuning.constructs.bucket_policies import JUDGE_OBJECTS, JUDGE_PART, PART
from tuning.constructs.policies import (
    Statement,
    allow,
    allow_equals,
    allow_key,
    assumed_by,
    managed_policy,
)
from tuning.constructs.storage import Storage
from tuning.evaluation.judging import ACROSS

_ACROSS_REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2")
"""Where profiles of the United States send requests to. UNCONFIRMED that no other Region joins them: a judge that is
sent there is denied, and the release goes on without.
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"""


class JudgeRole(Construct):
    """Reads what a judge is given, writes what it says, asks the judges of recipes, and nothing else."""

    def __init__(
        self, scope: Construct, construct_id: str, *, storage: Storage, judges: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack = cdk.Stack.of(self)
        self.role = iam.Role(
            self,
            "Role",
            description="Assumed by Amazon Bedrock for evaluation jobs with a judge model",
            assumed_by=assumed_by(self, "bedrock", bedrock_arn(self, "evaluation-job")),
        )
        cdk.Tags.of(self.role).add(PART, JUDGE_PART)
        asks = [each for judge in judges for each in self._asks(judge)]
        statements = [*self._data(storage), *asks]
        managed_policy(self, "Policy", roles=[self.role], statements=statements)

    def _data(self, storage: Storage) -> list[Statement]:
        """No model is encrypted with one of our keys, and the job names none: its temporary copies are under a key of
        Bedrock. https://docs.aws.amazon.com/bedrock/latest/userguide/evaluation-data-management.html
        """
        ours = {"aws:ResourceAccount": self._stack.account}
        bucket, objects = storage.artifacts, storage.artifacts.arn_for_objects
        written = [
            *("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"),
            "s3:PutObject",
        ]
        return [
            allow_equals(["s3:GetObject"], [objects("judge/input/*")], ours),
            allow_equals(written, [objects("judge/output/*")], ours),
            list_below(self, bucket.bucket_arn, JUDGE_OBJECTS),
            allow_equals(["s3:GetBucketLocation"], [bucket.bucket_arn], ours),
            allow_key(self, storage.data_key.key_arn, "s3", "Decrypt", "GenerateDataKey"),
        ]

    def _asks(self, judge: str) -> list[Statement]:
        """Of a profile, the model in each of its Regions as well, through the profile alone.
        https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
        """
        arn, invoke = judge_arns(self._stack, judge)[0], ["bedrock:InvokeModel"]
        if not judge.startswith(ACROSS):
            return [allow(actions=invoke, resources=[arn])]
        model = judge.removeprefix(ACROSS)
        partition = self._stack.partition
        models = [
            f"arn:{partition}:bedrock:{region}::foundation-model/{model}"
            for region in _ACROSS_REGIONS
        ]
        through = {"StringEquals": {"bedrock:InferenceProfileArn": arn}}
        return [
            allow(actions=invoke, resources=[arn]),
            allow(actions=invoke, resources=models, conditions=through),
        ]
