"""From an upload to the first function: rule on bucket and folder, queue, dead-letter queue."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.constructs.placement import own_name
from tuning.pipeline.run_steps import HIDDEN_SECONDS, MOST_RECEIVES
from tuning.runs.uploads import PREFIX


class Intake(Construct):
    """Every `Object Created` event of an object under `datasets/` comes in, and `tuning.runs.uploads` says
    what the object is; what this platform writes goes to other buckets, which the rule does not name.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, datasets: s3.IBucket, key: kms.IKey
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
        self.rule = self._rule(datasets)
        for queue in (self.queue, self.dead_letters):
            queue.add_to_resource_policy(_from(self.rule, queue))

    def invoke(self, function: HandlerFunction, *, at_once: int) -> None:
        """Invoke `function` with up to ten messages; it answers which of them failed."""
        scaling = lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=at_once)
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            event_source_arn=self.queue.queue_arn,
            function_name=function.function.function_arn,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=scaling,
        )
        # Lambda refuses the mapping of a function that may not receive from the queue yet.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        mapping.node.add_dependency(function.policy)

    def put_aside(self, name: str, description: str, pattern: Mapping[str, object]) -> None:
        """Events that a person must read: they wait among the dead letters, whose alarm fires.

        What cannot be sent there goes to the queue, is not an upload, and comes among them after all.
        """
        rule = events.CfnRule(
            self,
            name,
            description=description,
            event_pattern=pattern,
            targets=[_target("DeadLetters", self.dead_letters, instead=self.queue)],
        )
        for queue in (self.queue, self.dead_letters):
            queue.add_to_resource_policy(_from(rule, queue))

    def _rule(self, datasets: s3.IBucket) -> events.CfnRule:
        """A prefix costs no complexity; a wildcard for each name of a training set scored 12, and
        EventBridge refuses that ("Rule is too complex").
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
        """
        return events.CfnRule(
            self,
            "Rule",
            description="An object was uploaded under datasets/",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [datasets.bucket_name]},
                    "object": {"key": [{"prefix": PREFIX}]},
                },
            },
            targets=[_target("Queue", self.queue, instead=self.dead_letters)],
        )


def _target(
    construct_id: str, queue: sqs.IQueue, *, instead: sqs.IQueue
) -> events.CfnRule.TargetProperty:
    return events.CfnRule.TargetProperty(
        id=construct_id,
        arn=queue.queue_arn,
        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=instead.queue_arn),
    )


def _from(rule: events.CfnRule, queue: sqs.Queue) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("events.amazonaws.com")],
        actions=["sqs:SendMessage"],
        resources=[queue.queue_arn],
        conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
    )


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
