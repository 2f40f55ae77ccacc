"""The service role that Bedrock assumes for evaluation jobs in which a judge model rates answers.

https://docs.aws.amazon.com/bedrock/latest/userguide/judge-service-roles.html
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.bucket_policies import JUDGE_OBJECTS, JUDGE_PART, PART
from tuning.constructs.policies import Statement, allow, managed_policy
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
        jobs = self._stack.format_arn(
            service="bedrock", resource="evaluation-job", resource_name="*"
        )
        self.role = iam.Role(
            self,
            "Role",
            description="Assumed by Amazon Bedrock for evaluation jobs with a judge model",
            assumed_by=iam.ServicePrincipal(
                "bedrock.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": self._stack.account},
                    "ArnLike": {"aws:SourceArn": jobs},
                },
            ),
        )
        cdk.Tags.of(self.role).add(PART, JUDGE_PART)
        asks = [each for judge in judges for each in self._asks(judge)]
        statements = [*self._data(storage), *asks]
        managed_policy(self, "Policy", roles=[self.role], statements=statements)

    def _data(self, storage: Storage) -> list[Statement]:
        """No model is encrypted with one of our keys, and the job names none: its temporary copies are under a key of
        Bedrock. https://docs.aws.amazon.com/bedrock/latest/userguide/evaluation-data-management.html
        """
        ours = {"StringEquals": {"aws:ResourceAccount": self._stack.account}}
        bucket, objects = storage.artifacts, storage.artifacts.arn_for_objects
        via = f"s3.{self._stack.region}.amazonaws.com"
        written = [
            *("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts"),
            "s3:PutObject",
        ]
        return [
            allow(actions=["s3:GetObject"], resources=[objects("judge/input/*")], conditions=ours),
            allow(actions=written, resources=[objects("judge/output/*")], conditions=ours),
            # HeadBucket is the same right, and names no prefix.
            allow(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
                conditions={**ours, "StringLikeIfExists": {"s3:prefix": JUDGE_OBJECTS}},
            ),
            allow(
                actions=["s3:GetBucketLocation"],
                resources=[bucket.bucket_arn],
                conditions=ours,
            ),
            allow(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[storage.data_key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": via}},
            ),
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


def judge_arns(stack: cdk.Stack, judge: str) -> list[str]:
    """The model in this Region; before it, where that is how it is asked, its inference profile, which each account has
    as its own.
    """
    model = f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{judge.removeprefix(ACROSS)}"
    if not judge.startswith(ACROSS):
        return [model]
    profile = stack.format_arn(service="bedrock", resource="inference-profile", resource_name=judge)
    return [profile, model]
