"""As strict as AWS: quotas, names, zones, roles, keys, sizes. docs/emulator.md has the table."""

import json

import pytest
import stages
from jobs_of_a_stage import JOB
from laid_tools import zipped
from strict import ACCOUNT, Stage, pattern, policy, refused, role_for, trust

from emulator.emulator_settings import NEW_ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
STAGE = stages.ESTABLISHED | {"model_units": 2, "role_seconds": 30}


@pytest.fixture(scope="module")
def new_account():
    with stages.running(**NEW_ACCOUNT) as instance:
        yield Stage(instance)


CODE = "def run(event, context): return event"


def function(name="worker", role=ROLE, **more):
    return {
        "FunctionName": name,
        "Runtime": "python3.14",
        "Role": role,
        "Handler": "index.run",
        "Code": {"ZipFile": zipped(index=CODE)},
        **more,
    }


def a_function(**more):
    properties = {
        "Runtime": "python3.14",
        "Role": ROLE,
        "Handler": "index.run",
        "Code": {"ZipFile": CODE},
        **more,
    }
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def test_a_rule_too_complex_is_refused(stage):
    """Six wildcard endings score 12; five score 10, and are taken."""
    events = stage.client("events")
    said = refused(events.put_rule, Name="six", EventPattern=json.dumps(pattern(6)))
    assert said[:2] == ("InvalidEventPatternException", 400)
    assert "Rule is too complex" in said[2]
    events.put_rule(Name="five", EventPattern=json.dumps(pattern(5)))


def test_a_rule_too_complex_rolls_its_stack_back(stage):
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern(6)}}
    status, why = stage.stack("too-complex", Rule=rule)
    assert status == "ROLLBACK_COMPLETE"
    assert "Rule is too complex" in why


def test_reservations_leave_the_unreserved_minimum(stage):
    lambdas = stage.client("lambda")
    lambdas.create_function(**function("reserving"))
    limit = lambdas.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == 1000
    reserve = {"FunctionName": "reserving", "ReservedConcurrentExecutions": 901}
    said = refused(lambdas.put_function_concurrency, **reserve)
    assert said[0] == "InvalidParameterValueException"
    assert "below its minimum value of [100]" in said[2]
    lambdas.put_function_concurrency(**reserve | {"ReservedConcurrentExecutions": 900})
    left = lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    lambdas.delete_function_concurrency(FunctionName="reserving")
    assert left == 100


def test_a_new_account_takes_no_reservation(new_account):
    limit = new_account.client("lambda").get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == 10
    status, why = new_account.stack("reserving", Worker=a_function(ReservedConcurrentExecutions=1))
    assert status == "ROLLBACK_COMPLETE"
    assert (
        "decreases account's UnreservedConcurrentExecution below its minimum value of [10]" in why
    )
    assert new_account.stack("plain", Worker=a_function())[0] == "CREATE_COMPLETE"


def test_model_units_have_a_quota(stage, new_account):
    asked = {"modelId": "amazon.nova-micro-v1:0:128k", "provisionedModelName": "p"}
    create = new_account.client("bedrock").create_provisioned_model_throughput
    said = refused(create, modelUnits=1, **asked)
    assert said[:2] == ("ServiceQuotaExceededException", 400)
    create = stage.client("bedrock").create_provisioned_model_throughput
    create(modelUnits=2, **asked)
    another = {**asked, "provisionedModelName": "q"}
    assert refused(create, modelUnits=1, **another)[0] == "ServiceQuotaExceededException"


def test_a_queues_name_is_taken_for_a_minute(stage):
    sqs = stage.client("sqs")
    url = sqs.create_queue(QueueName="again")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    said = refused(sqs.create_queue, QueueName="again")
    assert said[0] == "AWS.SimpleQueueService.QueueDeletedRecently"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "again"}}
    assert stage.stack("too-soon", Queue=queue)[0] == "ROLLBACK_COMPLETE"
    stage.instance.advance_clock(59)
    assert refused(sqs.create_queue, QueueName="again")[0] == said[0]
    stage.instance.advance_clock(1)
    sqs.create_queue(QueueName="again")


def test_a_machines_name_is_taken_while_it_is_being_deleted(stage):
    states = stage.client("stepfunctions")
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    machine = {"name": "again", "definition": definition, "roleArn": ROLE}
    arn = states.create_state_machine(**machine)["stateMachineArn"]
    states.delete_state_machine(stateMachineArn=arn)
    said = refused(states.create_state_machine, **machine)
    assert said == ("StateMachineDeleting", 400, f"State Machine is being deleted: '{arn}'")
    properties = {"StateMachineName": "again", "DefinitionString": definition, "RoleArn": ROLE}
    made = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    assert stage.stack("machine-too-soon", Machine=made)[0] == "ROLLBACK_COMPLETE"
    stage.instance.advance_clock(25)
    assert stage.stack("machine", Machine=made)[0] == "CREATE_COMPLETE"


def test_a_vaults_name_is_taken_while_it_exists(stage):
    """A vault that was retained keeps its name from the next stack."""
    backup = stage.client("backup")
    backup.create_backup_vault(BackupVaultName="kept")
    assert (
        refused(backup.create_backup_vault, BackupVaultName="kept")[0] == "AlreadyExistsException"
    )
    vault = {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "kept"}}
    assert stage.stack("second-vault", Vault=vault)[0] == "ROLLBACK_COMPLETE"


@pytest.fixture(scope="module")
def network(stage):
    """(VPC, subnet by the letter of its zone)."""
    ec2 = stage.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    def subnet(number, letter):
        made = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{letter}"
        )
        return made["Subnet"]["SubnetId"]

    return vpc, {letter: subnet(number, letter) for number, letter in enumerate("ae")}


def test_a_zone_without_the_service_takes_no_endpoint(stage, network):
    ec2, (vpc, subnets) = stage.client("ec2"), network
    service = "com.amazonaws.us-east-1.bedrock"
    asked = {"VpcId": vpc, "ServiceName": service, "VpcEndpointType": "Interface"}
    said = refused(ec2.create_vpc_endpoint, SubnetIds=[subnets["e"]], **asked)
    assert said[0] == "InvalidParameter"
    assert "does not support the availability zone of the subnet" in said[2]
    properties = asked | {"SubnetIds": [subnets["a"], subnets["e"]]}
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}
    status, why = stage.stack("bad-zone", Endpoint=endpoint)
    assert status == "ROLLBACK_COMPLETE"
    assert subnets["e"] in why
    ec2.create_vpc_endpoint(SubnetIds=[subnets["a"]], **asked)
    (described,) = ec2.describe_vpc_endpoint_services(ServiceNames=[service])["ServiceDetails"]
    assert "us-east-1e" not in described["AvailabilityZones"]
    assert "us-east-1a" in described["AvailabilityZones"]


def test_a_zone_without_lambda_takes_no_function(stage, network):
    _, subnets = network
    placed = {"VpcConfig": {"SubnetIds": [subnets["a"], subnets["e"]], "SecurityGroupIds": []}}
    said = refused(stage.client("lambda").create_function, **function("placed", **placed))
    assert said[0] == "InvalidParameterValueException"
    assert "availability zone Lambda doesn't support" in said[2]
    assert stage.stack("placed", Worker=a_function(**placed))[0] == "ROLLBACK_COMPLETE"


def test_private_dns_for_resolvers_needs_the_gateway_first(stage, network):
    ec2, (vpc, subnets) = stage.client("ec2"), network
    service = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3"}
    interface = service | {
        "VpcEndpointType": "Interface",
        "SubnetIds": [subnets["a"]],
        "PrivateDnsEnabled": True,
        "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": True},
    }
    said = refused(ec2.create_vpc_endpoint, **interface)
    assert "must have a Gateway endpoint" in said[2]
    ec2.create_vpc_endpoint(VpcEndpointType="Gateway", **service)
    ec2.create_vpc_endpoint(**interface)


def test_a_fresh_role_is_not_usable_by_lambda(stage):
    lambdas = stage.client("lambda")
    made = function("fresh", role_for(stage, "lambda", "fresh"))
    said = refused(lambdas.create_function, **made)
    assert said[0] == "InvalidParameterValueException"
    assert said[2] == "The role defined for the function cannot be assumed by Lambda."
    stage.instance.advance_clock(30)
    lambdas.create_function(**made)


def test_a_fresh_role_is_not_usable_by_bedrock(stage):
    """Nor one whose trust was just changed."""
    role_for(stage, "bedrock", "tuner")
    create = stage.client("bedrock").create_model_customization_job
    job = {"jobName": "fresh", "customModelName": "fresh", **JOB}
    said = refused(create, **job)
    assert said == ("ValidationException", 400, "Could not assume provided IAM role.")
    stage.instance.advance_clock(30)
    create(**job)
    document = trust("bedrock.amazonaws.com")
    stage.client("iam").update_assume_role_policy(RoleName="tuner", PolicyDocument=document)
    again = job | {"jobName": "again", "customModelName": "again"}
    assert refused(create, **again) == said
    stage.instance.advance_clock(30)
    create(**again)


def test_a_key_policy_that_locks_out_is_refused(stage):
    kms = stage.client("kms")
    only = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/somebody"}
    closed = policy(
        {"Effect": "Allow", "Principal": only, "Action": "kms:Decrypt", "Resource": "*"}
    )
    said = refused(kms.create_key, Policy=closed)
    assert said[0] == "MalformedPolicyDocumentException"
    assert "will not allow you to update the key policy in the future" in said[2]
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": json.loads(closed)}}
    assert stage.stack("locked-out", Key=key)[0] == "ROLLBACK_COMPLETE"
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    assert refused(kms.put_key_policy, KeyId=made, Policy=closed)[0] == said[0]
    kms.put_key_policy(KeyId=made, Policy=closed, BypassPolicyLockoutSafetyCheck=True)
