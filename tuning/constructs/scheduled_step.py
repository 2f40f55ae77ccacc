"""A step that runs on a schedule, and with Bedrock's events where the manifest names them.

It checks from outside: what dies in a function, an execution or a queue cannot report itself.
"""

from aws_cdk import aws_sqs as sqs

from tuning.constructs.event_rule import rule
from tuning.constructs.function import HandlerFunction


def schedule(function: HandlerFunction, *, dead_letters: sqs.IQueue) -> None:
    """Rules under the function's own construct."""
    step = function.step
    unit = "minute" if step.every_minutes == 1 else "minutes"
    rule(
        function,
        "Schedule",
        step.does,
        function=function,
        dead_letters=dead_letters,
        schedule_expression=f"rate({step.every_minutes} {unit})",
    )
    if step.detail_type:
        rule(
            function,
            "StateChange",
            step.does,
            function=function,
            dead_letters=dead_letters,
            event_pattern={"source": ["aws.bedrock"], "detail-type": [step.detail_type]},
        )
