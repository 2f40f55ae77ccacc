"""Alarms that ring at the notices, and the metrics that doors write into their logs."""

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


def ring(
    scope: Construct,
    name: str,
    watched: cloudwatch.IMetric,
    description: str,
    *,
    topic: sns.ITopic,
    at_least: float = 1,
    periods: int = 1,
) -> None:
    """When the metric reaches `at_least`. No news is good news."""
    _alarm(
        scope,
        name,
        watched,
        description,
        topic,
        threshold=at_least,
        evaluation_periods=periods,
        comparison_operator=_OPERATORS.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=_MISSING.NOT_BREACHING,
    )


def ring_below(
    scope: Construct,
    name: str,
    watched: cloudwatch.IMetric,
    description: str,
    *,
    topic: sns.ITopic,
    threshold: float,
    silence: bool = False,
) -> None:
    """When the metric is below the threshold; with `silence`, when nothing is heard as well."""
    _alarm(
        scope,
        name,
        watched,
        description,
        topic,
        threshold=threshold,
        evaluation_periods=1,
        comparison_operator=_OPERATORS.LESS_THAN_THRESHOLD,
        treat_missing_data=_MISSING.BREACHING if silence else _MISSING.NOT_BREACHING,
    )


def _alarm(
    scope: Construct,
    name: str,
    watched: cloudwatch.IMetric,
    description: str,
    topic: sns.ITopic,
    *,
    threshold: float,
    evaluation_periods: int,
    comparison_operator: cloudwatch.ComparisonOperator,
    treat_missing_data: cloudwatch.TreatMissingData,
) -> None:
    alarm = cloudwatch.Alarm(
        scope,
        name,
        metric=watched,
        threshold=threshold,
        evaluation_periods=evaluation_periods,
        comparison_operator=comparison_operator,
        treat_missing_data=treat_missing_data,
        alarm_description=f"{description}; see docs/runbook.md",
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
