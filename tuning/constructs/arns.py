"""Names of AWS for what templates do not make, and for what they make later."""

import aws_cdk as cdk
from constructs import Construct

from tuning.evaluation.judging import ACROSS


def bedrock_arn(scope: Construct, resource: str, name: str = "*") -> str:
    """Of this account and Region."""
    stack = cdk.Stack.of(scope)
    return stack.format_arn(service="bedrock", resource=resource, resource_name=name)


def anything_of(scope: Construct, service: str) -> str:
    """All resources of a service that are this account's, in this Region."""
    no_name = cdk.ArnFormat.NO_RESOURCE_NAME
    return cdk.Stack.of(scope).format_arn(service=service, resource="*", arn_format=no_name)


def foundation_model_arn(scope: Construct, name: str) -> str:
    """Of no account, in this Region."""
    stack = cdk.Stack.of(scope)
    return f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{name}"


def judge_arns(scope: Construct, judge: str) -> list[str]:
    """The model in this Region; before it, where that is how it is asked, its inference profile, which each account has
    as its own.
    """
    model = foundation_model_arn(scope, judge.removeprefix(ACROSS))
    if not judge.startswith(ACROSS):
        return [model]
    return [bedrock_arn(scope, "inference-profile", judge), model]
