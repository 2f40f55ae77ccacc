"""From an upload to the first function: rules on bucket and folder, queue, dead-letter queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.event_rule import let_send, rule_target
from tuning.constructs.function import HandlerFunction
from tuning.constructs.placement import own_name
from tuning.pipeline.run_steps import HIDDEN_SECONDS, MOST_RECEIVES
from tuning.runs.uploads import PREFIX

_MINUTE = cdk.Duration.minutes(1)


@dataclass(frozen=True, kw_only=True)
class IntakeSource:
    bucket: s3.IBucket
    prefix: str = PREFIX
    """Of what is received; it ends with a `/`."""
    rule: str = "Rule"
    """The id of its construct."""
    deletions: bool = False
    """Whether what is deleted there is received, too."""


class Intake(Construct):
    """Every `Object Created` event of an object under a source's prefix comes in, and the domain says what the object
    is; what this platform writes goes to other buckets and prefixes, which no rule names.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        sources: Sequence[IntakeSource],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        # Each queue names the other, so that one of them needs a name that is known beforehand.
        name = own_name(self, "Uploads")
        self.dead_letters = _queue(
            self,
            "DeadLetters",
            key,
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                source_queues=[_named(self, stack.format_arn(service="sqs", resource=name))]
            ),
        )
        self.queue = _queue(
            self,
            "Queue",
            key,
            queue_name=name,
            visibility_timeout=cdk.Duration.seconds(HIDDEN_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=MOST_RECEIVES
            ),
        )
        for source in sources:
            self._receive(source)

    def invoke(
        self, function: HandlerFunction, *, at_once: int, batch: int = 10, collect_seconds: int = 0
    ) -> None:
        """Invoke `function` with up to ten messages; it answers which of them failed. More than ten are collected for
        some seconds. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        scaling = lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=at_once)
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            event_source_arn=self.queue.queue_arn,
            function_name=function.function.function_arn,
            batch_size=batch,
            maximum_batching_window_in_seconds=collect_seconds or None,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=scaling,
        )
        # Lambda refuses the mapping of a function that may not receive from the queue yet.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        mapping.node.add_dependency(function.policy)

    def dead(self) -> cloudwatch.IMetric:
        """How many messages lie among the dead letters."""
        return self.dead_letters.metric_approximate_number_of_messages_visible(
            period=_MINUTE, statistic="Maximum"
        )

    def oldest(self) -> cloudwatch.IMetric:
        """What is received three times and not deleted counts no longer as the oldest message.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        return self.queue.metric_approximate_age_of_oldest_message(
            period=_MINUTE, statistic="Maximum"
        )

    def in_flight(self) -> cloudwatch.IMetric:
        """What fails to be received is hidden between its receives, and thus in flight nearly always; a sound upload
        is, for a second.
        """
        return self.queue.metric_approximate_number_of_messages_not_visible(
            period=cdk.Duration.minutes(5), statistic="Average"
        )

    def put_aside(self, name: str, description: str, pattern: Mapping[str, object]) -> None:
        """Events that a person must read: they wait among the dead letters, whose alarm fires.

        What cannot be sent there goes to the queue, is not an upload, and comes among them after all.
        """
        target = rule_target("DeadLetters", self.dead_letters.queue_arn, instead=self.queue)
        self._rule(name, description, target, event_pattern=pattern)

    def every(self, name: str, description: str, schedule: str) -> None:
        """Receive an event of a schedule, such as `rate(6 hours)`, too."""
        target = rule_target("Queue", self.queue.queue_arn, instead=self.dead_letters)
        self._rule(name, description, target, schedule_expression=schedule)

    def _receive(self, source: IntakeSource) -> None:
        """A prefix costs no complexity; a wildcard for each name of a training set scored 12, and
        EventBridge refuses that ("Rule is too complex").
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
        """
        self._rule(
            source.rule,
            f"An object was uploaded {'or deleted ' if source.deletions else ''}under {source.prefix}",
            rule_target("Queue", self.queue.queue_arn, instead=self.dead_letters),
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": [
                    "Object Created",
                    *(["Object Deleted"] if source.deletions else []),
                ],
                "detail": {
                    "bucket": {"name": [source.bucket.bucket_name]},
                    "object": {"key": [{"prefix": source.prefix}]},
                },
            },
        )

    def _rule(
        self, name: str, description: str, target: events.CfnRule.TargetProperty, **when: Any
    ) -> None:
        """`when`: a schedule or a pattern."""
        rule = events.CfnRule(self, name, description=description, targets=[target], **when)
        let_send(rule, self.queue, self.dead_letters)


def _named(scope: Construct, arn: str) -> sqs.IQueue:
    return sqs.Queue.from_queue_arn(scope, "Named", arn)


def _queue(scope: Construct, construct_id: str, key: kms.IKey, **properties: Any) -> sqs.Queue:
    """Encrypted with our key, over TLS only, kept for the fourteen days that SQS can keep."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
        **properties,
    )
