"""Custom resource: take every rule out of the VPC's default security group."""

from typing import Any

from lambdas.stack_answer import answer_stack
from tuning.aws.default_security_group import revoke_all
from tuning.aws.transient import aws_errors


def handler(event: dict[str, Any], context: Any) -> None:
    """Answer CloudFormation in any case: without an answer a deployment hangs for an hour."""
    group, fault = event["ResourceProperties"]["GroupId"], ""
    try:
        if event["RequestType"] != "Delete":  # the group goes with its VPC
            revoke_all(group)
    except aws_errors() as error:
        fault = f"{group}: {error}"
    answer_stack(event, context, resource=group, fault=fault)
