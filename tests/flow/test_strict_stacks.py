"""As strict as AWS in what can be done with a stack, and what a failed one leaves. docs/emulator.md has the table."""

import json

import pytest
from strict import pattern, refused


def test_termination_protection_keeps_a_first_create_that_failed(stage):
    """The CDK protects after the change set is made and before it runs."""
    formation = stage.client("cloudformation")
    broken = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern(6)}}
    body = json.dumps({"Resources": {"Rule": broken}})
    change = {"StackName": "protected", "ChangeSetName": "first"}
    formation.create_change_set(**change, ChangeSetType="CREATE", TemplateBody=body)
    formation.update_termination_protection(StackName="protected", EnableTerminationProtection=True)
    formation.execute_change_set(**change)
    assert stage.settled("protected")[0] == "ROLLBACK_COMPLETE"
    said = refused(formation.delete_stack, StackName="protected")
    assert said[0] == "ValidationError"
    assert "TerminationProtection is enabled" in said[2]
    again = {"StackName": "protected", "TemplateBody": body, "ChangeSetName": "second"}
    said = refused(formation.create_change_set, **again, ChangeSetType="UPDATE")
    assert "ROLLBACK_COMPLETE state and can not be updated" in said[2]
    formation.update_termination_protection(
        StackName="protected", EnableTerminationProtection=False
    )
    formation.delete_stack(StackName="protected")


def test_what_was_not_rolled_back_goes_on_and_only_so(stage):
    formation = stage.client("cloudformation")
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern(6)}}
    kept = {"Type": "AWS::SNS::Topic"}
    body = {"Resources": {"Topic": kept, "Rule": rule | {"DependsOn": "Topic"}}}
    create = {"StackName": "paused", "DisableRollback": True}
    formation.create_stack(**create, TemplateBody=json.dumps(body))
    assert stage.settled("paused")[0] == "CREATE_FAILED"
    [topic] = formation.describe_stack_resources(StackName="paused", LogicalResourceId="Topic")[
        "StackResources"
    ]
    fixed = json.dumps(
        {"Resources": {"Topic": kept, "Rule": rule | {"Properties": {"EventPattern": pattern(5)}}}}
    )
    change = {"StackName": "paused", "ChangeSetName": "fixed"}
    formation.create_change_set(**change, ChangeSetType="UPDATE", TemplateBody=fixed)
    said = refused(formation.execute_change_set, **change)
    assert "non-terminal [CREATE_FAILED] state" in said[2]
    formation.execute_change_set(**change, DisableRollback=True)
    assert stage.settled("paused")[0] == "UPDATE_COMPLETE"
    [again] = formation.describe_stack_resources(StackName="paused", LogicalResourceId="Topic")[
        "StackResources"
    ]
    assert again["PhysicalResourceId"] == topic["PhysicalResourceId"]


def test_a_stack_whose_export_is_in_use_is_not_deleted(stage):
    formation = stage.client("cloudformation")
    topic = {"Type": "AWS::SNS::Topic"}
    output = {"Value": {"Ref": "Topic"}, "Export": {"Name": "topic"}}
    body = {"Resources": {"Topic": topic}, "Outputs": {"Topic": output}}
    formation.create_stack(StackName="exporting", TemplateBody=json.dumps(body))
    stage.settled("exporting")
    shown = {"DisplayName": {"Fn::ImportValue": "topic"}}
    assert stage.stack("importing", Topic=topic | {"Properties": shown})[0] == "CREATE_COMPLETE"
    said = refused(formation.delete_stack, StackName="exporting")
    assert "imported by stack importing" in said[2]


@pytest.mark.parametrize(("retention", "left"), [("Retain", 1), ("RetainExceptOnCreate", 0)])
def test_retain_keeps_what_a_failed_create_made(stage, retention, left):
    name = f"kept-{retention.lower()}"
    made = {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": retention,
        "Properties": {"QueueName": name},
    }
    broken = {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": pattern(6)},
        "DependsOn": "Made",
    }
    assert stage.stack(name, Made=made, Broken=broken)[0] == "ROLLBACK_COMPLETE"
    listed = stage.client("sqs").list_queues(QueueNamePrefix=name)
    assert len(listed.get("QueueUrls", [])) == left


def test_a_subnet_with_an_interface_in_it_is_not_deleted(stage):
    ec2, formation = stage.client("ec2"), stage.client("cloudformation")
    network = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
    inside = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.0.0/24"}
    group = {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "of the interface"}
    resources = {
        "Vpc": network,
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": inside},
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
    }
    formation.create_stack(StackName="used", TemplateBody=json.dumps({"Resources": resources}))
    assert stage.settled("used")[0] == "CREATE_COMPLETE"
    listed = formation.list_stack_resources(StackName="used")["StackResourceSummaries"]
    vpc, subnet, group = (
        next(each["PhysicalResourceId"] for each in listed if each["LogicalResourceId"] == name)
        for name in ("Vpc", "Subnet", "Group")
    )
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    unused = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "status", "Values": ["available"]}]
    found = ec2.describe_network_interfaces(Filters=unused)["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in found] == [made["NetworkInterfaceId"]]
    elsewhere = [{"Name": "vpc-id", "Values": ["vpc-0"]}]
    assert ec2.describe_network_interfaces(Filters=elsewhere)["NetworkInterfaces"] == []
    assert refused(ec2.delete_subnet, SubnetId=subnet)[0] == "DependencyViolation"
    assert refused(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    formation.delete_stack(StackName="used")
    status, why = stage.settled("used")
    assert (status, "has dependencies" in why) == ("DELETE_FAILED", True)
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    formation.delete_stack(StackName="used")
    until_gone = formation.get_waiter("stack_delete_complete")
    until_gone.wait(StackName="used", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
