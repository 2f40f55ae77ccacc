"""As strict as AWS in what it answers to questions: quotas, prefix lists, zones; and names that no other stack has. docs/emulator.md has the table."""

from urllib.error import HTTPError
from urllib.request import urlopen

import aws_cdk as cdk
import stages
from laid_tools import lay_function, zipped
from strict import Stage, refused

from emulator.emulator_settings import NEW_ACCOUNT
from tuning.constructs.placement import own_name

STAGE = stages.ESTABLISHED | {"model_units": 2}


def a_rule(prefix_list):
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "group", "VpcId": {"Ref": "Vpc"}},
    }
    rule = {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "DestinationPrefixListId": prefix_list,
        },
    }
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}}
    return {"Vpc": vpc, "Group": group, "Rule": rule}


def test_quotas_are_those_that_the_account_is_held_to(stage):
    def value(of, code, service="bedrock"):
        quotas = of.client("service-quotas")
        answer = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
        assert answer["QuotaCode"] == code
        return answer["Value"]

    assert value(stage, "L-BE77399C") == 2
    assert value(stage, "L-B99A9384", "lambda") == 1000
    assert value(stage, "L-F678F1CE", "vpc") == 5
    with stages.running(**NEW_ACCOUNT) as instance:
        new = Stage(instance)
        assert value(new, "L-BE77399C") == 0
        assert value(new, "L-B99A9384", "lambda") == 10


def test_of_some_quotas_there_is_the_default_only(stage):
    quotas = stage.client("service-quotas")
    jobs = {"ServiceCode": "bedrock", "QuotaCode": "L-0406044C"}
    assert refused(quotas.get_service_quota, **jobs)[:2] == ("NoSuchResourceException", 400)
    assert quotas.get_aws_default_service_quota(**jobs)["Quota"]["Value"] == 10


def test_a_quota_that_is_none_is_not_there(stage):
    quotas = stage.client("service-quotas")
    for service, code in (("bedrock", "L-00000000"), ("nothing", "L-0406044C")):
        for call in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
            said = refused(call, ServiceCode=service, QuotaCode=code)
            assert said[:2] == ("NoSuchResourceException", 400)


def test_a_rule_names_a_prefix_list_that_is_there(stage):
    lists = stage.client("ec2").describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    )["PrefixLists"]
    assert [each["PrefixListId"] for each in lists] == ["pl-63a5400a"]
    status, why = stage.stack("of-another-region", **a_rule("pl-68a54001"))
    assert status == "ROLLBACK_COMPLETE"
    assert "'pl-68a54001' does not exist" in why
    assert stage.stack("of-this-region", **a_rule("pl-63a5400a"))[0] == "CREATE_COMPLETE"


def test_all_zones_of_a_region_are_reported(stage):
    found = stage.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert [each["ZoneName"][-1] for each in found] == list("abcdef")
    assert len({each["ZoneId"] for each in found}) == 6


def test_the_address_of_a_functions_code_serves_ten_minutes_and_cannot_be_guessed(stage):
    lambdas = stage.client("lambda")
    archive = zipped(index="def run(event, context): return event")
    lay_function(lambdas, "fetched", "", Code={"ZipFile": archive})
    address = lambdas.get_function(FunctionName="fetched")["Code"]["Location"]
    assert fetched(address) == (200, archive)
    assert fetched(address[:-1] + ("a" if address[-1] != "a" else "b"))[0] == 403
    stage.instance.advance_clock(600)
    assert fetched(address)[0] == 403


def fetched(address):
    try:
        with urlopen(address) as answer:  # noqa: S310 — the emulator's own
            return answer.status, answer.read()
    except HTTPError as refusal:
        return refusal.code, b""


def test_names_that_end_in_the_stacks_id_are_free_when_it_is_made_again(stage):
    """As the constructs name queue, state machine and vault: SQS remembers the first for a minute, Step Functions
    the second until it is deleted, and the third is kept.
    """
    app = cdk.App()
    made = cdk.Stack(app, "Again")
    name = made.resolve(own_name(made, "Uploads"))
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
    kept = {"BackupVaultName": name}
    vault = {
        "Type": "AWS::Backup::BackupVault",
        "DeletionPolicy": "Retain",
        "Properties": kept,
    }
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "DefinitionString": '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}',
            "RoleArn": "arn:aws:iam::000000000000:role/any",
        },
    }
    formation = stage.client("cloudformation")
    for _ in range(2):
        made = stage.stack("Again", Queue=queue, Vault=vault, Machine=machine)
        assert made == ("CREATE_COMPLETE", "")
        formation.delete_stack(StackName="Again")
        formation.get_waiter("stack_delete_complete").wait(StackName="Again")
    vaults = stage.client("backup").list_backup_vaults()["BackupVaultList"]
    names = {each["BackupVaultName"] for each in vaults}
    assert len([each for each in names if each.startswith("Again-Uploads-")]) == 2
