"""Questions about what does not exist: a caller who gets that answer may ask, and no policy denies it.

AWS has no dry run for most services, and a policy of an organization cannot be read from an account in
it. Nothing here makes, changes or costs anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tuning.aws.answers import ask, code_of
from tuning.aws.clients import Clients
from tuning.aws.transient import aws_errors
from tuning.aws.unknown_in_bedrock import CODES as UNKNOWN_IN_BEDROCK
from tuning.preflight.facts import NoAnswer

_GONE = ("ResourceNotFoundException",)
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_NO_TOPIC = ("NotFound", "NotFoundException")
_MODEL = "arn:aws:bedrock:{region}:{account}:{kind}/amazon.nova-micro-v1:0:128k/{letters}"

# Service and operation as botocore calls them, the action as IAM does, one argument, codes of absence.
_CALLS = (
    (
        *("bedrock", "get_model_customization_job", "bedrock:GetModelCustomizationJob"),
        *("jobIdentifier", _MODEL.replace("{kind}", "model-customization-job"), UNKNOWN_IN_BEDROCK),
    ),
    (
        *("bedrock", "get_custom_model", "bedrock:GetCustomModel"),
        *("modelIdentifier", _MODEL.replace("{kind}", "custom-model"), UNKNOWN_IN_BEDROCK),
    ),
    ("s3", "get_bucket_location", "s3:GetBucketLocation", "Bucket", "{name}", ("NoSuchBucket",)),
    ("dynamodb", "describe_table", "dynamodb:DescribeTable", "TableName", "{name}", _GONE),
    ("sqs", "get_queue_url", "sqs:GetQueueUrl", "QueueName", "{name}", _NO_QUEUE),
    (
        *("sns", "get_topic_attributes", "sns:GetTopicAttributes"),
        *("TopicArn", "arn:aws:sns:{region}:{account}:{name}", _NO_TOPIC),
    ),
    ("events", "describe_rule", "events:DescribeRule", "Name", "{name}", _GONE),
    (
        *("stepfunctions", "describe_state_machine", "states:DescribeStateMachine"),
        *("stateMachineArn", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
        ("StateMachineDoesNotExist",),
    ),
    (
        *("lambda", "get_function_configuration", "lambda:GetFunctionConfiguration"),
        *("FunctionName", "{name}", _GONE),
    ),
    ("kms", "describe_key", "kms:DescribeKey", "KeyId", "{uuid}", ("NotFoundException",)),
    ("iam", "get_role", "iam:GetRole", "RoleName", "{name}", ("NoSuchEntity",)),
    ("backup", "get_backup_plan", "backup:GetBackupPlan", "BackupPlanId", "{uuid}", _GONE),
)


@dataclass(frozen=True, kw_only=True)
class Probe:
    service: str
    """As botocore calls it."""
    action: str
    """As IAM names the call."""
    operation: str
    arguments: Mapping[str, Any]
    absent: tuple[str, ...]
    """Codes by which the service says that there is no such thing; others are no answer."""

    def ask(self, client: Clients) -> bool | NoAnswer:
        """Whether what does not exist was said not to exist."""

        def question() -> bool:
            try:
                getattr(client(self.service), self.operation)(**self.arguments)
            except aws_errors() as error:
                if code_of(error) in self.absent:
                    return True
                raise
            return False

        return ask(self.action, question)


def probes(region: str, account: str) -> Iterator[Probe]:
    """One or two for each service that the stacks are made of, and that has a Get."""
    known = {"region": region, "account": account, "uuid": str(uuid4())}
    known["name"] = f"tuning-doctor-{uuid4().hex}"
    known["letters"] = known["name"][-12:]
    for service, operation, action, argument, value, absent in _CALLS:
        yield Probe(
            service=service,
            action=action,
            operation=operation,
            arguments={argument: value.format(**known)},
            absent=absent,
        )
