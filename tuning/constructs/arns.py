"""Names of AWS for what templates do not make, and for what they make later."""

import aws_cdk as cdk
from constructs import Construct

from tuning.evaluation.judging import ACROSS


def bedrock_arn(scope: Construct, resource: str, name: str = "*") -> str:
    """Of this account and Region."""
    stack = cdk.Stack.of(scope)
    return stack.format_arn(service="bedrock", resource=resource, resource_name=name)


def foundation_model(scope: Construct, name: str) -> str:
    """Of no account, in this Region."""
    stack = cdk.Stack.of(scope)
    return f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{name}"


def judge_arns(scope: Construct, judge: str) -> list[str]:
    """The model in this Region; before it, where that is how it is asked, its inference profile, which each account has
    as its own.
    """
    model = foundation_model(scope, judge.removeprefix(ACROSS))
    if not judge.startswith(ACROSS):
        return [model]
    return [bedrock_arn(scope, "inference-profile", judge), model]
