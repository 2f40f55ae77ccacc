"""The dispatcher: once a minute it lets as many runs of the queue try as there are job slots."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.alarms import ring_below
from tuning.constructs.event_rule import rule
from tuning.constructs.function import Door, World
from tuning.constructs.policies import Statement
from tuning.runs.function_settings import DispatcherSettings

_ROUNDS = cdk.Duration.minutes(15)


class Dispatcher(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        world: World,
        unscoped: iam.IManagedPolicy,
        dead_letters: sqs.IQueue,
        settings: DispatcherSettings,
        may: Sequence[Statement],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.door = Door(
            self,
            "Door",
            module="dispatch_queue",
            world=world,
            environment=settings.to_env(),
            statements=may,
            timeout=cdk.Duration.seconds(120),
        )
        self.door.role.add_managed_policy(unscoped)
        rule(
            self,
            "Schedule",
            "Let runs of the queue try",
            door=self.door,
            dead_letters=dead_letters,
            schedule_expression="rate(1 minute)",
        )
        # One that sleeps must not look like one that finds an empty queue.
        ring_below(
            self,
            "Silent",
            self.door.function.metric_invocations(period=_ROUNDS, statistic="Sum"),
            "No round of the dispatcher for a quarter of an hour",
            topic=topic,
            threshold=1,
            silence=True,
        )
