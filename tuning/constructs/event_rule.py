"""A rule of EventBridge that invokes a function, and puts aside what it could not send."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.function import HandlerFunction


def rule(
    scope: Construct,
    name: str,
    description: str,
    *,
    function: HandlerFunction,
    dead_letters: sqs.IQueue,
    **when: object,
) -> None:
    arn = function.function.function_arn
    made = events.CfnRule(
        scope,
        name,
        description=description,
        targets=[rule_target(scope.node.id, arn, instead=dead_letters)],
        **when,  # type: ignore[arg-type]  # a schedule or a pattern
    )
    let_send(made, dead_letters)
    # As AWS's page has it. The rule's ARN holds the account; whether EventBridge also sends aws:SourceAccount
    # is not documented, and without it nothing would be invoked, silently.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions
    lambda_.CfnPermission(
        scope,
        f"{name}MayInvoke",
        action="lambda:InvokeFunction",
        function_name=arn,
        principal="events.amazonaws.com",
        source_arn=made.attr_arn,
    )


def rule_target(name: str, arn: str, *, instead: sqs.IQueue) -> events.CfnRule.TargetProperty:
    """`instead`: where an event goes that cannot be sent."""
    return events.CfnRule.TargetProperty(
        id=name,
        arn=arn,
        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=instead.queue_arn),
    )


def let_send(made: events.CfnRule, *queues: sqs.IQueue) -> None:
    for queue in queues:
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": made.attr_arn}},
            )
        )
