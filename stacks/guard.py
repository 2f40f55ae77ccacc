"""The guard: looks at every customization job in progress, once a minute and whenever Bedrock speaks.

The schedule is the truth: Bedrock's events are best effort.
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.door import Door, World
from stacks.policies import Statement, allow, managed_policy
from tuning.settings import GuardSettings

_PROMISE = cdk.Duration.minutes(5)


class Guard(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        world: World,
        unscoped: Construct,
        dead_letters: sqs.IQueue,
        settings: GuardSettings,
        may: Sequence[Statement],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic, self._dead_letters = topic, dead_letters
        self.door = Door(
            self,
            "Door",
            module="guard_jobs",
            world=world,
            environment=settings.to_env(),
            statements=may,
            timeout=cdk.Duration.seconds(60),
        )
        # Listing jobs has no resource type; apart, so that `*` covers nothing else.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
        look = allow(actions=["bedrock:ListModelCustomizationJobs"], resources=["*"])
        managed_policy(unscoped, "Guard", roles=[self.door.role], statements=[look])
        self._rule("Schedule", "Look at all jobs", schedule_expression="rate(1 minute)")
        self._rule(
            "StateChange",
            "A customization job has changed its state",
            event_pattern={
                "source": ["aws.bedrock"],
                "detail-type": ["Model Customization Job State Change"],
            },
        )
        self._alarms()

    def _rule(self, name: str, description: str, **when: object) -> None:
        function = self.door.function.function_arn
        rule = events.CfnRule(
            self,
            name,
            description=description,
            targets=[
                events.CfnRule.TargetProperty(
                    id="Guard",
                    arn=function,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=self._dead_letters.queue_arn
                    ),
                )
            ],
            **when,  # type: ignore[arg-type]  # one of the two ways in which a rule is set off
        )
        self._dead_letters.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self._dead_letters.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )
        lambda_.CfnPermission(
            self,
            f"{name}MayInvoke",
            action="lambda:InvokeFunction",
            function_name=function,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
            source_account=cdk.Stack.of(self).account,
        )

    def _alarms(self) -> None:
        """A guard that sleeps must not look like one that finds nothing."""
        below = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        at_least = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        missing = cloudwatch.TreatMissingData
        silent = cloudwatch.Alarm(
            self,
            "Silent",
            metric=self.door.function.metric_invocations(period=_PROMISE, statistic="Sum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=below,
            treat_missing_data=missing.BREACHING,
            alarm_description="No job was looked at for five minutes; see docs/operations.md",
        )
        foreign = cloudwatch.Alarm(
            self,
            "ForeignJobs",
            metric=cloudwatch.Metric(
                namespace="Tuning",
                metric_name="ForeignJobs",
                dimensions_map={"service": "guard_jobs"},
                period=cdk.Duration.minutes(1),
                statistic="Sum",
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=at_least,
            treat_missing_data=missing.NOT_BREACHING,
            alarm_description="A job used what is ours outside of our VPC; see docs/operations.md",
        )
        for alarm in (silent, foreign):
            alarm.add_alarm_action(actions.SnsAction(self._topic))
