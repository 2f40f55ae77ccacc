"""Which VPC endpoint a call goes through, and what that endpoint's policy says of it.

MiniStack has no packets to route: a caller is taken to be in the VPC of its subnets, and to go
through that VPC's endpoint of the service, a gateway before an interface.
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import ec2

SUBNETS = "emulator:subnets"
"""What a call's context says of where it comes from, until it is replaced by AWS's own keys."""

Endpoint = dict[str, Any]


def endpoint_of(subnets: list[str], service: str) -> Endpoint | None:
    """The endpoint for `service` in the VPC of these subnets; None where there is none."""
    vpc = (ec2._subnets.get(subnets[0]) or {}).get("VpcId") if subnets else None
    found = [
        each
        for each in ec2._vpc_endpoints.values()
        if each["VpcId"] == vpc and each["ServiceName"].rsplit(".", 1)[-1] == service
    ]
    found.sort(key=lambda each: str(each["VpcEndpointType"]) != "Gateway")
    return found[0] if found else None


def endpoint_context(context: dict[str, Any], service: str) -> dict[str, Any]:
    """`aws:SourceVpce` and `aws:SourceVpc`, if the caller's VPC has an endpoint for the service.

    A caller in a VPC without that endpoint has no keys, as on AWS.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
    """
    plain = {key: value for key, value in context.items() if key != SUBNETS}
    endpoint = endpoint_of(context.get(SUBNETS) or [], service)
    if endpoint is None:
        return plain
    through = {"aws:SourceVpce": endpoint["VpcEndpointId"], "aws:SourceVpc": endpoint["VpcId"]}
    return plain | through


def lets_through(endpoint: Endpoint, asked: iam_evaluator.EvalContext) -> bool:
    """An endpoint without a policy lets everything through.
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    policy = endpoint.get("PolicyDocument")
    if not policy:
        return True
    document = json.loads(policy) if isinstance(policy, str) else policy
    return bool(iam_evaluator.evaluate_resource_policy(document, asked).decision == "Allow")
