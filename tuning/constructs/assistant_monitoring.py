"""Alarms for whatever goes wrong with assistants."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.watched_parts import keeps_failing

_FIVE = cdk.Duration.minutes(5)


def watch_assistants(
    scope: Construct,
    *,
    api: apigateway.RestApi,
    functions: Mapping[str, HandlerFunction],
    topic: sns.ITopic,
) -> None:
    """Alarms of each assistant in its own construct, and one of the API, for what no function sees."""
    for function in functions.values():
        keeps_failing(Alarms(function, "Alarms", topic=topic), function)
    Alarms(scope, "AssistantsAlarms", topic=topic).at_least(
        "AssistantsFail",
        api.metric_server_error(period=_FIVE, statistic="Sum"),
        1,
        "The assistants' API answered with an error of its own or of a function",
        periods=3,
    )
