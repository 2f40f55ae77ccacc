"""The reconciler: every ten minutes it looks for runs, executions and jobs that lost each other.

It looks from outside: what dies in a function, an execution or a queue cannot see to itself. In the
same round it says how much waits, stalls and is left.
"""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.alarms import metric, ring, ring_below
from tuning.constructs.event_rule import rule
from tuning.constructs.function import Door, World
from tuning.constructs.policies import Statement
from tuning.runs.function_settings import ReconcilerSettings

_ROUND = cdk.Duration.minutes(10)
_THREE_ROUNDS = cdk.Duration.minutes(30)
_PATIENCE_HOURS = 24
"""How long a run may wait for a person before an alarm asks again."""
_NEARLY = 0.1
"""Of the month's budget, left."""


class Reconciler(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        world: World,
        unscoped: iam.IManagedPolicy,
        dead_letters: sqs.IQueue,
        settings: ReconcilerSettings,
        may: Sequence[Statement],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic, self._environment = topic, settings.environment
        self.door = Door(
            self,
            "Door",
            module="reconcile_runs",
            world=world,
            environment=settings.to_env(),
            statements=may,
            timeout=cdk.Duration.minutes(5),
        )
        self.door.role.add_managed_policy(unscoped)
        rule(
            self,
            "Schedule",
            "Look for runs that are lost",
            door=self.door,
            dead_letters=dead_letters,
            schedule_expression="rate(10 minutes)",
        )
        self.gauges = self._gauges()
        self._ring(world.config.monthly_budget_usd)

    def _gauges(self) -> Mapping[str, cloudwatch.Metric]:
        names = ("ApprovalsWaiting", "OldestApprovalHours", "RunsQueued", "StalledJobs")
        return {name: self._metric(name) for name in (*names, "BudgetLeftUsd")}

    def _metric(self, name: str, statistic: str = "Maximum") -> cloudwatch.Metric:
        return metric(
            name,
            service="reconcile_runs",
            environment=self._environment,
            period=_ROUND,
            statistic=statistic,
        )

    def _ring(self, budget: int | None) -> None:
        """A reconciler that sleeps must not look like one that finds nothing."""
        function, gauges = self.door.function, self.gauges
        ring_below(
            self,
            "Silent",
            function.metric_invocations(period=_THREE_ROUNDS, statistic="Sum"),
            "No run was looked for in three rounds",
            topic=self._topic,
            threshold=1,
            silence=True,
        )
        errors = function.metric_errors(period=_THREE_ROUNDS, statistic="Sum")
        for name, watched, most, description in (
            ("Errors", errors, 3, "Rounds of the reconciler fail"),
            ("NotHealed", self._metric("RunsNotHealed", "Sum"), 1, "A run could not be healed"),
            ("StalledJobs", gauges["StalledJobs"], 1, "A job stands still and is being stopped"),
            (
                *("OldestApproval", gauges["OldestApprovalHours"], _PATIENCE_HOURS),
                "A run has waited for a person for a day",
            ),
        ):
            ring(self, name, watched, description, topic=self._topic, at_least=most)
        if budget is not None:
            ring_below(
                self,
                "BudgetNearlyUsed",
                gauges["BudgetLeftUsd"],
                "Less than a tenth of the month's budget is left",
                topic=self._topic,
                threshold=budget * _NEARLY,
            )
