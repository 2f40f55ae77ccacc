"""The guard: looks at every customization job in progress, once a minute and whenever Bedrock speaks.

The schedule is the truth: Bedrock's events are best effort.
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.alarms import metric, ring, ring_below
from tuning.constructs.event_rule import rule
from tuning.constructs.function import Door, World
from tuning.constructs.policies import Statement
from tuning.runs.function_settings import GuardSettings
from tuning.runs.job_guard import STATE_CHANGE

_PROMISE = cdk.Duration.minutes(5)


class Guard(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        world: World,
        unscoped: iam.IManagedPolicy,
        dead_letters: sqs.IQueue,
        settings: GuardSettings,
        may: Sequence[Statement],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.door = Door(
            self,
            "Door",
            module="guard_jobs",
            world=world,
            environment=settings.to_env(),
            statements=may,
            timeout=cdk.Duration.seconds(60),
        )
        self.door.role.add_managed_policy(unscoped)
        rule(
            self,
            "Schedule",
            "Look at all jobs",
            door=self.door,
            dead_letters=dead_letters,
            schedule_expression="rate(1 minute)",
        )
        rule(
            self,
            "StateChange",
            "A customization job has changed its state",
            door=self.door,
            dead_letters=dead_letters,
            event_pattern={
                "source": ["aws.bedrock"],
                "detail-type": [STATE_CHANGE],
            },
        )
        self._ring(settings.environment, topic)

    def _ring(self, environment: str, topic: sns.ITopic) -> None:
        """A guard that sleeps must not look like one that finds nothing."""
        ring_below(
            self,
            "Silent",
            self.door.function.metric_invocations(period=_PROMISE, statistic="Sum"),
            "No job was looked at for five minutes",
            topic=topic,
            threshold=1,
            silence=True,
        )
        minute = cdk.Duration.minutes(1)
        ring(
            self,
            "ForeignJobs",
            metric("ForeignJobs", service="guard_jobs", environment=environment, period=minute),
            "A job used what is ours outside of our VPC",
            topic=topic,
        )
