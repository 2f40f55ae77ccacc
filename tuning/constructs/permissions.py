"""What each door may do. The function that reads data cannot start a job; the function that starts
jobs cannot read data; one place to review.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from tuning.constructs.policies import Statement, allow
from tuning.constructs.storage import Storage
from tuning.runs.job_queue import QueueState
from tuning.runs.recipes import Recipe

_ON_TABLE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")


class Permissions:
    def __init__(self, stack: cdk.Stack, *, storage: Storage) -> None:
        self._stack = stack
        self._storage = storage
        self._jobs = stack.format_arn(
            service="bedrock", resource="model-customization-job", resource_name="*"
        )

    def receive_upload(self, queue: sqs.IQueue, state_machine: str) -> list[Statement]:
        """Messages are decrypted with the key of its environment, which every door may decrypt."""
        return [
            _allow(
                ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                [queue.queue_arn],
            ),
            _allow(["states:StartExecution"], [state_machine]),
            self._query("Open"),
            *self._ledger("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        ]

    def prepare_dataset(self) -> list[Statement]:
        storage = self._storage
        return [
            _allow(
                ["s3:GetObject", "s3:GetObjectVersion"],
                [storage.datasets.arn_for_objects("datasets/*")],
            ),
            # Without it S3 answers 403, not 404, where no validation set lies beside the upload.
            # Not by prefix: whether S3 says 404 or 403 is asked of the bucket, without a prefix.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            _allow(["s3:ListBucket"], [storage.datasets.bucket_arn]),
            _allow(
                ["s3:PutObject"],
                [
                    storage.prepared.arn_for_objects("prepared/*"),
                    storage.artifacts.arn_for_objects("runs/*"),
                ],
            ),
            self._key(storage.data_key, "s3", ["kms:Decrypt", "kms:GenerateDataKey"]),
            *self._ledger("dynamodb:UpdateItem"),
        ]

    def spend(self) -> list[Statement]:
        """A transaction needs the rights of what it does, and none of its own.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        """
        return self._ledger("dynamodb:GetItem", "dynamodb:UpdateItem")

    def start_training(self, role: iam.IRole, recipes: Sequence[Recipe]) -> list[Statement]:
        """CreateModelCustomizationJob is authorized on three kinds of resource, as Step Functions'
        own policy for it has them: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
        """
        start = [
            *self._models(recipes),
            self._stack.format_arn(service="bedrock", resource="custom-model", resource_name="*"),
            self._jobs,
        ]
        return [
            _allow(["bedrock:CreateModelCustomizationJob", "bedrock:TagResource"], start),
            _allow(["bedrock:GetModelCustomizationJob"], [self._jobs]),
            allow(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
            ),
            # See JobRole._model_key: the caller may be the one who creates the grant.
            self._key(
                self._storage.data_key,
                "bedrock",
                ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            ),
            self._query("Queue"),
            *self._ledger("dynamodb:UpdateItem"),
        ]

    def track_training(self) -> list[Statement]:
        return [
            _allow(
                ["bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"],
                [self._jobs],
            ),
            *self._ledger("dynamodb:UpdateItem"),
        ]

    def guard_jobs(self, topic: str) -> list[Statement]:
        """Any job's description, and its end; nothing of what is in it."""
        return [
            _allow(
                ["bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"],
                [self._jobs],
            ),
            _allow(["sns:Publish"], [topic]),
            self._key(self._storage.control_key, "sns", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ]

    def reconcile_runs(self, machine: str) -> list[Statement]:
        """Executions, jobs' descriptions and the ledger; it starts what was begun, and stops jobs. An
        execution's description is decrypted with the key that every door may decrypt with.
        """
        executions = self._stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._stack.stack_name}-TrainingRun:*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        jobs = ("GetModelCustomizationJob", "ListTagsForResource", "StopModelCustomizationJob")
        return [
            _allow(["states:ListExecutions", "states:StartExecution"], [machine]),
            _allow(["states:DescribeExecution", "states:GetExecutionHistory"], [executions]),
            _allow([f"bedrock:{action}" for action in jobs], [self._jobs]),
            self._query("Open"),
            *self._ledger("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        ]

    def dispatch_queue(self, machine: str) -> list[Statement]:
        """Answer tasks of the machine, of which it knows only the tokens of runs that wait for a job
        slot; and of the ledger's items read and write its own alone.

        https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        """
        return [
            _allow(["states:SendTaskSuccess"], [machine]),
            self._query("Queue"),
            allow(
                actions=["dynamodb:GetItem", "dynamodb:PutItem"],
                resources=[self._storage.ledger.table_arn],
                conditions={
                    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [QueueState().pk]},
                    "Null": {"dynamodb:LeadingKeys": "false"},
                },
            ),
            self._key(self._storage.control_key, "dynamodb", list(_ON_TABLE)),
        ]

    def collect_results(self) -> list[Statement]:
        artifacts = self._storage.artifacts
        return [
            _allow(["bedrock:GetModelCustomizationJob"], [self._jobs]),
            _allow(["s3:GetObject"], [artifacts.arn_for_objects("jobs/*")]),
            self._list(artifacts, "jobs/*"),
            self._key(self._storage.data_key, "s3", ["kms:Decrypt"]),
            *self._ledger("dynamodb:UpdateItem"),
        ]

    def state_machine(self, functions: Sequence[str], topic: str, machine: str) -> list[Statement]:
        """The machine invokes its doors, writes outcomes and sends notices; it sees no data.

        Its own histories are encrypted in a context that names it, and log delivery in another.
        https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        """
        context = "kms:EncryptionContext"
        delivery = self._stack.format_arn(service="logs", resource="*")
        key = [self._storage.control_key.key_arn]
        return [
            allow(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=key,
                conditions={"StringEquals": {f"{context}:aws:states:stateMachineArn": machine}},
            ),
            allow(
                actions=["kms:GenerateDataKey"],
                resources=key,
                conditions={"ArnLike": {f"{context}:SourceArn": delivery}},
            ),
            _allow(["lambda:InvokeFunction"], list(functions)),
            _allow(["sns:Publish"], [topic]),
            self._key(self._storage.control_key, "sns", ["kms:Decrypt", "kms:GenerateDataKey"]),
            *self._ledger("dynamodb:UpdateItem"),
        ]

    def _models(self, recipes: Sequence[Recipe]) -> list[str]:
        """Whether IAM sees a model's id with its `:128k` or without is not documented: both."""
        names = {r.base_model for r in recipes}
        names |= {":".join(name.split(":")[:2]) for name in names}
        foundation = f"arn:{self._stack.partition}:bedrock:{self._stack.region}::foundation-model"
        return [f"{foundation}/{name}" for name in sorted(names)]

    def _ledger(self, *actions: str) -> list[Statement]:
        return [
            _allow(list(actions), [self._storage.ledger.table_arn]),
            self._key(self._storage.control_key, "dynamodb", list(_ON_TABLE)),
        ]

    def _query(self, name: str) -> Statement:
        index = f"{self._storage.ledger.table_arn}/index/{name}"
        return _allow(["dynamodb:Query"], [index])

    def _key(self, key: kms.IKey, service: str, actions: list[str]) -> Statement:
        via = f"{service}.{self._stack.region}.amazonaws.com"
        return allow(
            actions=actions,
            resources=[key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": via}},
        )

    @staticmethod
    def _list(bucket: s3.IBucket, prefix: str) -> Statement:
        return allow(
            actions=["s3:ListBucket"],
            resources=[bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": prefix}},
        )


def _allow(actions: list[str], resources: list[str]) -> Statement:
    return allow(actions=actions, resources=resources)
