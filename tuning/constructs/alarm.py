"""Alarms, which notify through the topic of notices, and the metrics that functions write into their logs."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

_OPERATORS = cloudwatch.ComparisonOperator
_MISSING = cloudwatch.TreatMissingData


def metric(
    name: str, *, service: str, environment: str, period: cdk.Duration, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """As `lambdas/observe.py` writes it."""
    return cloudwatch.Metric(
        namespace="Tuning",
        metric_name=name,
        dimensions_map={"service": service, "environment": environment},
        period=period,
        statistic=statistic,
    )


class Alarms(Construct):
    """Each fires at the topic, and says where the runbook is."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic

    def at_least(
        self,
        name: str,
        watched: cloudwatch.IMetric,
        threshold: float,
        description: str,
        *,
        periods: int = 1,
    ) -> None:
        """In ALARM when the metric reaches the threshold. Missing data is fine."""
        self._alarm(name, watched, description, threshold, periods=periods)

    def below(
        self, name: str, watched: cloudwatch.IMetric, threshold: float, description: str
    ) -> None:
        """In ALARM when the metric falls below the threshold. Missing data is fine."""
        self._alarm(name, watched, description, threshold, below=True)

    def falls_silent(self, name: str, watched: cloudwatch.IMetric, description: str) -> None:
        """Notifies when a metric that had data has none any more, which is INSUFFICIENT_DATA.

        With missing data as a breach it would be in ALARM from its creation until the first datum, at each
        first deployment. An alarm is created in INSUFFICIENT_DATA, and acts when its state changes.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        """
        alarm = self._alarm(name, watched, description, 1, below=True, missing=_MISSING.MISSING)
        alarm.add_insufficient_data_action(actions.SnsAction(self._topic))

    def _alarm(
        self,
        name: str,
        watched: cloudwatch.IMetric,
        description: str,
        threshold: float,
        *,
        periods: int = 1,
        below: bool = False,
        missing: cloudwatch.TreatMissingData = _MISSING.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        at_least = _OPERATORS.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=watched,
            alarm_description=f"{description}; see docs/runbook.md",
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=_OPERATORS.LESS_THAN_THRESHOLD if below else at_least,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        return alarm
