"""EC2: a subnet or group in which there is a network interface is not deleted, by API and by CloudFormation.

Lambda gives the interfaces of functions back some time after the last of them is gone, and has left some behind.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html
https://github.com/aws/aws-cdk/issues/34400
"""

from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from emulator.entrance import Response
from emulator.extensions.agent_interfaces import AgentInterfaces
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import Properties

_FILTERS = {
    "interface-type": "InterfaceType",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}
_OF_INTERFACES = ("DescribeNetworkInterfaces", "DeleteNetworkInterface")
_Asked = dict[str, Any]


def install(agents: AgentInterfaces) -> None:
    actions = ec2._ACTION_MAP
    actions["DescribeNetworkInterfaces"] = _filtered
    patch(actions, "DeleteNetworkInterface", _delete_unless_in_use)
    for kind, name in (("Subnet", "SubnetId"), ("SecurityGroup", "GroupId")):
        patch(actions, f"Delete{kind}", _delete_unless_used, name)
        handlers = provisioners._RESOURCE_HANDLERS[f"AWS::EC2::{kind}"]
        patch(handlers, "delete", _delete_unless_used_by_stack)
        patch(handlers, "delete", _drop_first, agents)
    for name in (*("DeleteSubnet", "DeleteSecurityGroup"), *_OF_INTERFACES):
        patch(actions, name, _drop_first, agents)


def _drop_first(then: Theirs[Any], agents: AgentInterfaces, *asked: Any) -> Any:
    agents.drop()
    return then(*asked)


def _delete_unless_in_use(delete: Theirs[Response], asked: _Asked) -> Response:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html"""
    identifier = ec2._p(asked, "NetworkInterfaceId")
    if ec2._network_interfaces.get(identifier, {}).get("Status") == "in-use":
        why = f"Network interface '{identifier}' is currently in use."
        refused: Response = ec2._error("InvalidParameterValue", why, 400)
        return refused
    return delete(asked)


def _filtered(asked: _Asked) -> Response:
    wanted = ec2._parse_member_list(asked, "NetworkInterfaceId")
    filters = ec2._parse_filters(asked)
    if unknown := filters.keys() - _FILTERS.keys():
        named = ", ".join(sorted(unknown))
        refused: Response = ec2._error(
            "InvalidParameterValue", f"The emulator knows no filter {named}", 400
        )
        return refused
    found = "".join(
        ec2._eni_fields_xml(each)
        for each in ec2._network_interfaces.values()
        if (not wanted or each["NetworkInterfaceId"] in wanted)
        and all(each[_FILTERS[name]] in values for name, values in filters.items())
    )
    answer: Response = ec2._xml(
        200,
        "DescribeNetworkInterfacesResponse",
        f"<networkInterfaceSet>{found}</networkInterfaceSet>",
    )
    return answer


def _delete_unless_used(delete: Theirs[Response], name: str, asked: _Asked) -> Response:
    if why := _why_not(ec2._p(asked, name)):
        refused: Response = ec2._error("DependencyViolation", why, 400)
        return refused
    return delete(asked)


def _delete_unless_used_by_stack(
    delete: Theirs[None], identifier: str, properties: Properties
) -> None:
    if why := _why_not(identifier):
        raise ValueError(why)
    delete(identifier, properties)


def _why_not(identifier: str) -> str:
    for each in ec2._network_interfaces.values():
        if identifier == each["SubnetId"]:
            return f"The subnet '{identifier}' has dependencies and cannot be deleted."
        if identifier in {group["GroupId"] for group in each["Groups"]}:
            return f"resource {identifier} has a dependent object"
    return ""
