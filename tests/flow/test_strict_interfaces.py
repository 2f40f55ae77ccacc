"""As strict as AWS about the interfaces of agents, which outlive them: docs/emulator.md."""

import json

import pytest
from laid_tools import zipped
from strict import refused, role_for

HOURS = 3600


@pytest.fixture(scope="module")
def role(stage):
    made = role_for(stage, "bedrock-agentcore", "agent")
    stage.instance.advance_clock(stage.instance.settings.role_seconds)
    return made


@pytest.fixture
def network(stage):
    """Of a stack: VPC, subnets and group."""
    vpc = {"Ref": "Vpc"}
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.8.0.0/16"}},
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"VpcId": vpc, "GroupDescription": "of agents"},
        },
        **{
            f"Subnet{zone}": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": vpc,
                    "CidrBlock": f"10.8.{number}.0/24",
                    "AvailabilityZone": f"us-east-1{zone}",
                },
            }
            for number, zone in enumerate("ab")
        },
    }
    formation = stage.client("cloudformation")
    formation.create_stack(StackName="network", TemplateBody=json.dumps({"Resources": resources}))
    assert stage.settled("network")[0] == "CREATE_COMPLETE"
    listed = formation.list_stack_resources(StackName="network")["StackResourceSummaries"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def agent(stage, role, network, name="lingers"):
    s3, control = stage.client("s3"), stage.client("bedrock-agentcore-control")
    s3.create_bucket(Bucket=f"{name}-code")
    s3.put_object(Bucket=f"{name}-code", Key="a.zip", Body=zipped(main=""))
    place = {"s3": {"bucket": f"{name}-code", "prefix": "a.zip"}}
    code = {"code": place, "runtime": "PYTHON_3_14", "entryPoint": ["main.py"]}
    made = control.create_agent_runtime(
        agentRuntimeName=name,
        agentRuntimeArtifact={"codeConfiguration": code},
        roleArn=role,
        networkConfiguration={
            "networkMode": "VPC",
            "networkModeConfig": {
                "subnets": [network["Subneta"], network["Subnetb"]],
                "securityGroups": [network["Group"]],
            },
        },
    )
    return made["agentRuntimeId"]


def interfaces(stage, network):
    asked = {"vpc-id": [network["Vpc"]], "interface-type": ["agentic_ai"]}
    filters = [{"Name": name, "Values": values} for name, values in asked.items()]
    found = stage.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return {each["SubnetId"]: (each["NetworkInterfaceId"], each["Status"]) for each in found}


def test_an_agents_interfaces_outlive_it_by_eight_hours_and_keep_their_network(
    stage, role, network
):
    ec2, formation = stage.client("ec2"), stage.client("cloudformation")
    runtime = agent(stage, role, network)
    placed = interfaces(stage, network)
    assert placed.keys() == {network["Subneta"], network["Subnetb"]}
    stage.client("bedrock-agentcore-control").delete_agent_runtime(agentRuntimeId=runtime)
    assert interfaces(stage, network) == placed
    for identifier, status in placed.values():
        assert status == "in-use"
        code, _, why = refused(ec2.delete_network_interface, NetworkInterfaceId=identifier)
        assert (code, "is currently in use" in why) == ("InvalidParameterValue", True)
    assert refused(ec2.delete_subnet, SubnetId=network["Subneta"])[0] == "DependencyViolation"
    stage.instance.advance_clock(7 * HOURS)
    assert refused(ec2.delete_security_group, GroupId=network["Group"])[0] == "DependencyViolation"
    formation.delete_stack(StackName="network")
    assert stage.settled("network")[0] == "DELETE_FAILED"
    stage.instance.advance_clock(1 * HOURS)
    assert interfaces(stage, network) == {}
    formation.delete_stack(StackName="network")
    until_gone = formation.get_waiter("stack_delete_complete")
    until_gone.wait(StackName="network", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
