"""EC2: resource types and attributes that MiniStack 1.5.33 lacks.

Stock, it refuses AWS::EC2::FlowLog and AWS::EC2::SecurityGroupIngress / Egress, knows no
attribute CidrBlock of a VPC (CDK's default rule of an interface endpoint reads it), gives a VPC a
default group that lets nothing in, and describes an endpoint without its security groups, private
DNS and policy.
"""

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import new_uuid
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import Properties, Provisioned, flag

_WITH_DEFAULT_EGRESS: set[str] = set()
"""Groups whose template declares no egress: EC2's rule for all traffic holds until a
SecurityGroupEgress resource is made.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupegress.html
"""


def install() -> None:
    provisioning.add("AWS::EC2::FlowLog", create=_create_flow_log, delete=_delete_flow_log)
    for direction in ("Ingress", "Egress"):
        create, delete = _rule_handlers(direction)
        provisioning.add(f"AWS::EC2::SecurityGroup{direction}", create=create, delete=delete)
    provisioning.after("AWS::EC2::SecurityGroup", _remember_egress)
    vpc = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    for action in ("create", "update"):
        patch(vpc, action, _provision_with_cidr)
    patch(vpc, "create", _create_with_open_group)
    provisioning.after("AWS::EC2::VPCEndpoint", _complete_endpoint)
    patch(ec2, "_vpce_fields_xml", _describe_endpoint)
    patch(ec2._ACTION_MAP, "DescribeFlowLogs", _describe_flow_logs)


def _create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    identifier = "fl-" + new_uuid().replace("-", "")[:17]
    ec2._flow_logs[identifier] = {
        "FlowLogId": identifier,
        "ResourceId": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "LogDestinationType": properties.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": properties.get("LogDestination") or properties.get("LogGroupName", ""),
        "LogGroupName": properties.get("LogGroupName", ""),
        "DeliverLogsPermissionArn": properties.get("DeliverLogsPermissionArn", ""),
        "MaxAggregationInterval": properties.get("MaxAggregationInterval", 600),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": ec2._now_ts(),
    }
    provisioners._ec2_apply_tags(identifier, properties)
    return identifier, {"Id": identifier}


def _delete_flow_log(identifier: str, _properties: Properties) -> None:
    ec2._flow_logs.pop(identifier, None)
    ec2._tags.pop(identifier, None)


_OF_A_FLOW_LOG = ("LogGroupName", "DeliverLogsPermissionArn", "MaxAggregationInterval")


def _describe_flow_logs(describe: Theirs[Any], asked: dict[str, Any]) -> Any:
    status, headers, body = describe(asked)
    text = body.decode()
    for identifier, log in ec2._flow_logs.items():
        opening = f"<flowLogId>{identifier}</flowLogId>"
        added = "".join(_member(name, log.get(name, "")) for name in _OF_A_FLOW_LOG)
        text = text.replace(opening, opening + added)
    return status, headers, text.encode()


def _member(name: str, value: Any) -> str:
    tag = name[:1].lower() + name[1:]
    return f"<{tag}>{escape(str(value))}</{tag}>"


def _rule_handlers(
    direction: str,
) -> tuple[Callable[..., Provisioned], Callable[[str, Properties], None]]:
    outbound = direction == "Egress"
    store = "IpPermissionsEgress" if outbound else "IpPermissions"

    def create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        (permission,) = provisioners._ec2_sg_permissions([properties])
        default = outbound and properties["GroupId"] in _WITH_DEFAULT_EGRESS
        kept = [] if default else group[store]
        _WITH_DEFAULT_EGRESS.discard(properties["GroupId"] if outbound else "")
        group[store] = [*kept, *([] if permission in kept else [permission])]
        identifier = ec2._sg_rule_id(properties["GroupId"], outbound, permission)
        return identifier, {"Id": identifier}

    def delete(_identifier: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is not None:
            (permission,) = provisioners._ec2_sg_permissions([properties])
            group[store] = [each for each in group[store] if not ec2._rules_match(each, permission)]

    return create, delete


def _remember_egress(identifier: str, properties: Properties) -> None:
    if not properties.get("SecurityGroupEgress"):
        _WITH_DEFAULT_EGRESS.add(identifier)


def _provision_with_cidr(
    provision: Theirs[Provisioned], *arguments: Any, **named: Any
) -> Provisioned:
    identifier, attributes = provision(*arguments, **named)
    return identifier, {
        **attributes,
        "CidrBlock": (ec2._vpcs.get(identifier) or {}).get("CidrBlock"),
    }


def _create_with_open_group(
    create: Theirs[Provisioned], *arguments: Any, **named: Any
) -> Provisioned:
    """It lets its own members in: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"""
    identifier, attributes = create(*arguments, **named)
    group = attributes["DefaultSecurityGroup"]
    itself = {"IpProtocol": "-1", "SourceSecurityGroupId": group}
    ec2._security_groups[group]["IpPermissions"] = provisioners._ec2_sg_permissions([itself])
    return identifier, attributes


def _complete_endpoint(identifier: str, properties: Properties) -> None:
    endpoint = ec2._vpc_endpoints[identifier]
    endpoint["DnsOptions"] = properties.get("DnsOptions") or {}
    endpoint["IpAddressType"] = properties.get("IpAddressType", "ipv4")


def _describe_endpoint(describe: Theirs[str], endpoint: dict[str, Any], tag: str = "item") -> str:
    policy = endpoint.get("PolicyDocument") or {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
    }
    groups = "".join(
        f"<item><groupId>{each}</groupId><groupName>{_group_name(each)}</groupName></item>"
        for each in endpoint.get("SecurityGroupIds", [])
    )
    text = policy if isinstance(policy, str) else json.dumps(policy)
    added = (
        f"<groupSet>{groups}</groupSet>"
        f"<privateDnsEnabled>{str(flag(endpoint.get('PrivateDnsEnabled'))).lower()}</privateDnsEnabled>"
        f"<policyDocument>{escape(text)}</policyDocument>"
        f"<ipAddressType>{endpoint.get('IpAddressType', 'ipv4')}</ipAddressType>"
        f"<dnsOptions>{_dns_options(endpoint.get('DnsOptions') or {})}</dnsOptions>"
        f"<creationTimestamp>{endpoint.get('CreationTimestamp') or ec2._now_ts()}</creationTimestamp>"
    )
    inside, _ = describe(endpoint, tag).rsplit(f"</{tag}>", 1)
    return f"{inside}{added}</{tag}>"


def _dns_options(options: dict[str, Any]) -> str:
    kind = escape(str(options.get("DnsRecordIpType", "ipv4")))
    inbound = options.get("PrivateDnsOnlyForInboundResolverEndpoint")
    # The template's enumeration is a boolean in the API.
    only = str(inbound == "OnlyInboundResolver" or flag(inbound)).lower()
    return (
        f"<dnsRecordIpType>{kind}</dnsRecordIpType>"
        f"<privateDnsOnlyForInboundResolverEndpoint>{only}</privateDnsOnlyForInboundResolverEndpoint>"
    )


def _group_name(identifier: str) -> str:
    return escape((ec2._security_groups.get(identifier) or {}).get("GroupName", ""))
