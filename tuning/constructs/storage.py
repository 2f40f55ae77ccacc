"""Storage: keys, buckets and the ledger. What is in here outlives every deployment."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tuning.constructs.backup import Backup
from tuning.constructs.bucket import old_versions, private_bucket, restrict
from tuning.constructs.bucket_policies import (
    REPORTS,
    UPLOADS,
    UPLOADS_AND_ADAPTERS,
    Boundary,
    PolicyOpening,
    for_everybody,
    our_key_only,
    write_once,
    written_by_s3_only,
)
from tuning.constructs.config import Config
from tuning.constructs.keys import key_of_data, own_key
from tuning.constructs.log_destinations import DeliverableAccessLogs
from tuning.constructs.placement import (
    LONGEST_STORAGE_NAME,
    documents_of,
    prepare_scope,
    weights_of,
)
from tuning.runs.ledger_item import KEY
from tuning.runs.run_record import BY_MONTH, JOB_QUEUE, OPEN_RUNS, OpenRun

# No version of an upload goes while its event may still lie in a queue, which is 14 days, and no
# prepared copy while a job may still be read against it: nobody can be asked for the bytes again.
_EVENT_LIFE = cdk.Duration.days(14)
_JOB_LIFE = cdk.Duration.days(30)

_INCLUDE = dynamodb.ProjectionType.INCLUDE


class Storage(Construct):
    """Everything is retained when its stack is deleted; logical ids are frozen by a test."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        vpc: ec2.IVpc,
        imports_name: str = "",
        assistants_name: str = "",
    ) -> None:
        """`imports_name`: of the stack with the bucket of weights, where a recipe imports models; `assistants_name`: of
        that with the bucket of documents, where an assistant has any.
        """
        super().__init__(scope, construct_id)
        prepare_scope(self, config, longest=LONGEST_STORAGE_NAME)
        self._boundary = Boundary(perimeter=config.perimeter, vpc=vpc)
        self.data_key = key_of_data(
            self,
            "DataKey",
            "Datasets, prepared copies, artifacts and models",
            perimeter=config.perimeter,
        )
        self.control_key = own_key(
            self, "ControlKey", "Ledger, queues, notices, functions and runs in progress"
        )
        for service in ("cloudwatch", "events", "sns"):
            self.control_key.add_to_resource_policy(_senders(cdk.Stack.of(self), service))
        self.control_key.add_to_resource_policy(_log_delivery(cdk.Stack.of(self)))
        # CDK leaves `Default` out of logical ids: a name for "the buckets" that renames none.
        self._buckets = Construct(self, "Default")
        cdk.Aspects.of(self).add(DeliverableAccessLogs())
        logs = self.access_logs = private_bucket(
            self._buckets,
            "AccessLogs",
            key=None,
            access_logs=None,
            lifecycle=[_expire(days=400)],
        )
        restrict(logs, for_everybody(logs, services=True), written_by_s3_only(logs))
        imports = weights_of(config, imports_name)
        documents = documents_of(config, assistants_name)
        for bucket, folder in ((imports, "weights/"), (documents, "documents/")):
            if bucket:
                logs.add_to_resource_policy(_logged(logs, bucket, folder))
        self.datasets = self._bucket(
            "Datasets",
            old_versions(days=365),
            opening=UPLOADS_AND_ADAPTERS if imports else UPLOADS,
            for_jobs=False,
            locked=_EVENT_LIFE,
        )
        self.prepared = self._bucket("Prepared", old_versions(days=30), locked=_JOB_LIFE)
        restrict(self.prepared, write_once(self.prepared))
        judged = any(each.judge for each in config.load_recipes())
        self.artifacts = self._bucket(
            "Artifacts", old_versions(days=365), opening=REPORTS, judged=judged
        )
        self.ledger = _ledger(self, self.control_key)
        # A table of its own: who writes runs cannot write what a month may still cost.
        self.budgets = _table(self, "Budgets", self.control_key)
        self.backup = Backup(
            self, "Backup", tables=[self.ledger, self.budgets], key=self.control_key
        )

    def _bucket(
        self,
        name: str,
        lifecycle: s3.LifecycleRule,
        *,
        opening: PolicyOpening | None = None,
        for_jobs: bool = True,
        locked: cdk.Duration | None = None,
        judged: bool = False,
    ) -> s3.Bucket:
        bucket = private_bucket(
            self._buckets,
            name,
            key=self.data_key,
            access_logs=self.access_logs,
            lifecycle=[lifecycle],
            locked=locked,
        )
        restrict(
            bucket,
            for_everybody(bucket),
            our_key_only(bucket, self.data_key),
            self._boundary.statements(bucket, opening, for_jobs=for_jobs, judged=judged),
        )
        return bucket


def _senders(stack: cdk.Stack, service: str) -> iam.PolicyStatement:
    """Rules and topics of this account may put messages into encrypted queues, its alarms into topics.

    Not rules into topics: EventBridge does not say aws:SourceAccount there, and would be denied.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html#sqs-adding-confused-deputy-protection
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
    )


def _log_delivery(stack: cdk.Stack) -> iam.PolicyStatement:
    """Log delivery may read what encrypted executions have to say. AWS's statement names no aws:SourceAccount; with
    one, logs could be missing and nothing would say so. The encryption context is what the machine's role gives.

    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    logs = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
        actions=["kms:Decrypt"],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:SourceArn": logs}},
    )


def _logged(logs: s3.IBucket, bucket: str, folder: str) -> iam.PolicyStatement:
    """By name: the buckets of weights and of documents are of stacks that refer to this one.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
        actions=["s3:PutObject"],
        resources=[logs.arn_for_objects(f"{folder}*")],
        conditions={
            "ArnLike": {"aws:SourceArn": bucket},
            "StringEquals": {"aws:SourceAccount": logs.stack.account},
        },
    )


def _expire(*, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="Expire",
        expiration=cdk.Duration.days(days),
        noncurrent_version_expiration=cdk.Duration.days(1),
    )


def _ledger(scope: Construct, key: kms.IKey) -> dynamodb.Table:
    """One item a run, as tuning/runs/run_record.py has it."""
    text = dynamodb.AttributeType.STRING
    ledger = _table(scope, "Ledger", key)
    indexes = (
        (BY_MONTH, None),
        (OPEN_RUNS, OpenRun.projected()),
        (JOB_QUEUE, ["queued_at", "refused_at", "slot_token"]),
    )
    for index, held in indexes:
        ledger.add_global_secondary_index(
            index_name=index.name,
            partition_key=dynamodb.Attribute(name=index.partition, type=text),
            sort_key=dynamodb.Attribute(name=index.sort, type=text),
            projection_type=_INCLUDE if held else None,
            non_key_attributes=held,
        )
    return ledger


def _table(scope: Construct, construct_id: str, key: kms.IKey) -> dynamodb.Table:
    return dynamodb.Table(
        scope,
        construct_id,
        partition_key=dynamodb.Attribute(name=KEY, type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=True,
        # Also after a failed create, which could not delete it: it is protected from deletion.
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
