"""How the properties of each type of resource are asked of its service's API, in the words of the
template: (client of a service, physical id) → property → what the API says.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from reading_data import bucket, bucket_policy, key, log_group, plan, selection, table, vault

Client = Callable[[str], Any]
Read = Callable[[Client, str], dict[str, Any]]


def capital(value: Any) -> Any:
    """Templates begin member names with a capital where some APIs do not."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: capital(member) for name, member in value.items()}
    return [capital(each) for each in value] if isinstance(value, list) else value


def endpoint(client: Client, identifier: str) -> dict[str, Any]:
    (found,) = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"]
    inbound = (found.get("DnsOptions") or {}).get("PrivateDnsOnlyForInboundResolverEndpoint")
    inside = "OnlyInboundResolver" if inbound else "AllResolvers"
    return found | {
        "PolicyDocument": json.loads(found["PolicyDocument"]),
        "SecurityGroupIds": [group["GroupId"] for group in found["Groups"]],
        "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": inside},
    }


def flow_log(client: Client, identifier: str) -> dict[str, Any]:
    (found,) = client("ec2").describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
    kinds = {"vpc-": "VPC", "subnet-": "Subnet", "eni-": "NetworkInterface"}
    kind = next(kinds[start] for start in kinds if found["ResourceId"].startswith(start))
    return found | {"ResourceType": kind}


def vpc(client: Client, identifier: str) -> dict[str, Any]:
    ec2 = client("ec2")
    (found,) = ec2.describe_vpcs(VpcIds=[identifier])["Vpcs"]
    names = {"EnableDnsHostnames": "enableDnsHostnames", "EnableDnsSupport": "enableDnsSupport"}
    attributes = {
        name: ec2.describe_vpc_attribute(VpcId=identifier, Attribute=attribute)[name]["Value"]
        for name, attribute in names.items()
    }
    return found | attributes


def subnet(client: Client, identifier: str) -> dict[str, Any]:
    return client("ec2").describe_subnets(SubnetIds=[identifier])["Subnets"][0]


def route_table(client: Client, identifier: str) -> dict[str, Any]:
    return client("ec2").describe_route_tables(RouteTableIds=[identifier])["RouteTables"][0]


def association(client: Client, identifier: str) -> dict[str, Any]:
    tables = client("ec2").describe_route_tables()["RouteTables"]
    return next(
        each
        for table in tables
        for each in table["Associations"]
        if each["RouteTableAssociationId"] == identifier
    )


def security_group(client: Client, identifier: str) -> dict[str, Any]:
    (found,) = client("ec2").describe_security_groups(GroupIds=[identifier])["SecurityGroups"]
    return {"GroupDescription": found["Description"], "VpcId": found["VpcId"]}


def role(client: Client, name: str) -> dict[str, Any]:
    return client("iam").get_role(RoleName=name)["Role"]


def managed_policy(client: Client, arn: str) -> dict[str, Any]:
    iam = client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    held = iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
    return {
        "PolicyDocument": iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"][
            "Document"
        ],
        "Roles": [each["RoleName"] for each in held],
    }


def function(client: Client, name: str) -> dict[str, Any]:
    aws = client("lambda")
    found = aws.get_function_configuration(FunctionName=name)
    reserved = aws.get_function_concurrency(FunctionName=name)
    return found | {
        "KmsKeyArn": found.get("KMSKeyArn"),
        "VpcConfig": {
            kind: found.get("VpcConfig", {}).get(kind) for kind in ("SecurityGroupIds", "SubnetIds")
        },
        "ReservedConcurrentExecutions": reserved.get("ReservedConcurrentExecutions"),
    }


def permission(client: Client, identifier: str) -> dict[str, Any]:
    """By the statement's id; the functions' policies are looked through."""
    for each in client("lambda").list_functions()["Functions"]:
        try:
            policy = client("lambda").get_policy(FunctionName=each["FunctionName"])["Policy"]
        except client("lambda").exceptions.ResourceNotFoundException:
            continue  # nobody may invoke this one
        for statement in json.loads(policy)["Statement"]:
            if statement["Sid"] == identifier:
                conditions = statement["Condition"]
                account = conditions.get("StringEquals", {})
                return {
                    "Action": statement["Action"],
                    "FunctionName": each["FunctionArn"],
                    "Principal": statement["Principal"]["Service"],
                    "SourceAccount": account.get("AWS:SourceAccount"),
                    "SourceArn": conditions["ArnLike"]["AWS:SourceArn"],
                }
    raise LookupError(f"no function has the statement {identifier}")


def mapping(client: Client, identifier: str) -> dict[str, Any]:
    found = client("lambda").get_event_source_mapping(UUID=identifier)
    return found | {"FunctionName": found["FunctionArn"]}


def queue(client: Client, url: str) -> dict[str, Any]:
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    policies = {
        name: json.loads(found[name])
        for name in ("RedrivePolicy", "RedriveAllowPolicy")
        if name in found
    }
    return found | policies | {"QueueName": url.rpartition("/")[2]}


def queue_policy(client: Client, url: str) -> dict[str, Any]:
    asked = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return {"PolicyDocument": json.loads(asked["Attributes"]["Policy"]), "Queues": [url]}


def topic(client: Client, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    return found


def topic_policy(client: Client, arn: str) -> dict[str, Any]:
    return {"PolicyDocument": json.loads(topic(client, arn)["Policy"]), "Topics": [arn]}


def rule(client: Client, name: str) -> dict[str, Any]:
    events = client("events")
    name = name.rpartition("/")[2]
    found = events.describe_rule(Name=name)
    pattern = json.loads(found["EventPattern"]) if found.get("EventPattern") else None
    return found | {
        "EventPattern": pattern,
        "Targets": events.list_targets_by_rule(Rule=name)["Targets"],
    }


def state_machine(client: Client, arn: str) -> dict[str, Any]:
    found = client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    shown = {name: capital(value) for name, value in found.items()}
    return capital(shown) | {
        "DefinitionString": found["definition"],
        "StateMachineName": found["name"],
    }


def alarm(client: Client, name: str) -> dict[str, Any]:
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found[0] if found else {}


def dashboard(client: Client, name: str) -> dict[str, Any]:
    return client("cloudwatch").get_dashboard(DashboardName=name)


READERS: dict[str, Read] = {
    "AWS::Backup::BackupPlan": plan,
    "AWS::Backup::BackupSelection": selection,
    "AWS::Backup::BackupVault": vault,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::DynamoDB::Table": table,
    "AWS::EC2::FlowLog": flow_log,
    "AWS::EC2::RouteTable": route_table,
    "AWS::EC2::SecurityGroup": security_group,
    "AWS::EC2::Subnet": subnet,
    "AWS::EC2::SubnetRouteTableAssociation": association,
    "AWS::EC2::VPC": vpc,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::Events::Rule": rule,
    "AWS::IAM::ManagedPolicy": managed_policy,
    "AWS::IAM::Role": role,
    "AWS::KMS::Key": key,
    "AWS::Lambda::EventSourceMapping": mapping,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::Permission": permission,
    "AWS::Logs::LogGroup": log_group,
    "AWS::S3::Bucket": bucket,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SQS::Queue": queue,
    "AWS::SQS::QueuePolicy": queue_policy,
    "AWS::StepFunctions::StateMachine": state_machine,
}


def shown(resource_type: str, client: Client, identifier: str) -> dict[str, Any]:
    """Empty when the API refuses, as it does of what is not configured."""
    try:
        return READERS[resource_type](client, identifier)
    except ClientError as refusal:
        return {"refused": str(refusal)}
