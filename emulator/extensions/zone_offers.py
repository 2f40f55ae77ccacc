"""EC2: an endpoint service is not in every zone, and one bad zone fails the stack.

Which letter of an account is which zone differs from account to account, and so does what a letter lacks.
Here the letter e has no subnets' worth of the newer services; which zone lacks what is an example, and
UNCONFIRMED for Bedrock. https://repost.aws/knowledge-center/interface-endpoint-availability-zone
"""

import re
from collections.abc import Iterable
from typing import Any

from ministack.core.responses import error_response_json, get_region
from ministack.services import ec2, lambda_svc

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

LACKING = {
    "us-east-1": {"e": frozenset({"bedrock", "bedrock-runtime", "states", "sns", "s3", "lambda"})}
}
"""Region to the letters of its zones, to the services without an interface endpoint there."""
LETTERS = {"us-east-1": "abcdef", "us-west-2": "abcd"}


UNDESCRIBED = (
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-agentcore",
    "bedrock-runtime",
    "s3",
    "states",
)
"""Services of interface endpoints that MiniStack does not describe."""


def install() -> None:
    ec2._VPCE_INTERFACE_SERVICES += UNDESCRIBED
    provisioning.before("AWS::EC2::VPCEndpoint", _check)
    provisioning.before("AWS::Lambda::Function", check_function)
    patch(lambda_svc, "_create_function", _create_if_lambda_is_there)
    patch(ec2._ACTION_MAP, "CreateVpcEndpoint", _create_if_offered)
    ec2._ACTION_MAP["DescribeAvailabilityZones"] = _describe_zones
    patch(ec2._ACTION_MAP, "DescribeVpcEndpointServices", _describe_with_zones)


def _describe_zones(_asked: dict[str, Any]) -> Response:
    """All of the Region: MiniStack has three in each."""
    region = get_region()
    items = "".join(
        f"<item><zoneName>{name}</zoneName><zoneState>available</zoneState>"
        f"<regionName>{region}</regionName><zoneId>{ec2._az_id_for_zone_name(name)}</zoneId>"
        f"<groupName>{region}-zg-1</groupName><networkBorderGroup>{region}</networkBorderGroup>"
        "<optInStatus>opt-in-not-required</optInStatus><zoneType>availability-zone</zoneType></item>"
        for name in (f"{region}{letter}" for letter in LETTERS.get(region, "abc"))
    )
    body = f"<availabilityZoneInfo>{items}</availabilityZoneInfo>"
    answer: Response = ec2._xml(200, "DescribeAvailabilityZonesResponse", body)
    return answer


def _check(properties: provisioning.Properties) -> None:
    """Raises ValueError, in AWS's words."""
    service = str(properties["ServiceName"])
    if properties.get("VpcEndpointType") == "Interface":
        _check_zones(service, properties.get("SubnetIds") or [])
        _check_gateway(service, str(properties["VpcId"]), properties.get("DnsOptions") or {})


NOT_FOR_LAMBDA = (
    "The provided subnets contain availability zone Lambda doesn't support. Please use a different set of "
    "subnets."
)
"""https://github.com/keboola/developer-portal/issues/81"""


def check_function(properties: provisioning.Properties) -> None:
    """A function is no more in every zone than an endpoint; raises ValueError, in AWS's words."""
    for subnet in (properties.get("VpcConfig") or {}).get("SubnetIds") or []:
        zone = (ec2._subnets.get(subnet) or {}).get("AvailabilityZone")
        if zone and zone not in zones_of("lambda"):
            raise ValueError(NOT_FOR_LAMBDA)


def _create_if_lambda_is_there(create: Theirs[Response], data: dict[str, Any]) -> Response:
    try:
        check_function(data)
    except ValueError as why:
        refused: Response = error_response_json("InvalidParameterValueException", str(why), 400)
        return refused
    return create(data)


def zones_of(service: str) -> list[str]:
    """The zones of the Region in which a service, by its last word, has an endpoint."""
    region = get_region()
    lacking = LACKING.get(region, {})
    letters = LETTERS.get(region, "abc")
    return [f"{region}{each}" for each in letters if service not in lacking.get(each, ())]


def _check_zones(service: str, subnets: Iterable[str]) -> None:
    offered = zones_of(service.rpartition(".")[2])
    for subnet in subnets:
        zone = (ec2._subnets.get(subnet) or {}).get("AvailabilityZone")
        if zone and zone not in offered:
            raise ValueError(
                f"The VPC endpoint service {service} does not support the availability zone of the "
                f"subnet: {subnet}."
            )


def _check_gateway(service: str, vpc: str, options: dict[str, Any]) -> None:
    """Private DNS for inbound resolvers alone leads everybody else through the gateway endpoint.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    """
    only = options.get("PrivateDnsOnlyForInboundResolverEndpoint")
    if str(only) not in ("OnlyInboundResolver", "True", "true"):
        return
    gateways = [
        each
        for each in ec2._vpc_endpoints.values()
        if (each["VpcId"], each["ServiceName"]) == (vpc, service)
        and each["VpcEndpointType"] == "Gateway"
    ]
    if not gateways:
        raise ValueError(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC "
            f"{vpc} must have a Gateway endpoint for the service."
        )


def _create_if_offered(create: Theirs[Response], asked: dict[str, Any]) -> Response:
    only = ec2._p(asked, "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint")
    try:
        _check(
            {
                "ServiceName": ec2._p(asked, "ServiceName") or "",
                "VpcEndpointType": ec2._p(asked, "VpcEndpointType") or "Gateway",
                "VpcId": ec2._p(asked, "VpcId"),
                "SubnetIds": ec2._parse_member_list(asked, "SubnetId"),
                "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": only},
            }
        )
    except ValueError as why:
        refused: Response = ec2._error("InvalidParameter", str(why), 400)
        return refused
    return create(asked)


_DETAIL = re.compile(
    r"(<serviceName>com\.amazonaws\.[^<]*\.([a-z0-9-]+)</serviceName>.*?<availabilityZoneSet>).*?"
    r"(</availabilityZoneSet>)",
    re.DOTALL,
)


def _describe_with_zones(describe: Theirs[Response], asked: dict[str, Any]) -> Response:
    """What is refused is what is described: MiniStack describes the same three zones of every service."""

    def completed(found: re.Match[str]) -> str:
        items = "".join(f"<item>{zone}</item>" for zone in zones_of(found[2]))
        return f"{found[1]}{items}{found[3]}"

    status, headers, body = describe(asked)
    return status, headers, _DETAIL.sub(completed, body.decode()).encode()
