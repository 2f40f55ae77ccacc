"""What surrounds the state machines: their logs, their key, their roles."""

from review.checks.template_check import check, each
from review.role_policies import trust

MACHINES = ("TrainingRun", "Release")


@check
@each("machine", MACHINES)
def every_fault_is_logged_encrypted_and_traced(environment, machine):
    made = environment.one("AWS::StepFunctions::StateMachine", f"{machine}Machine").properties
    assert made["TracingConfiguration"] == {"Enabled": True}
    logging = made["LoggingConfiguration"]
    assert logging["Level"] == "ALL"
    (destination,) = logging["Destinations"]
    assert destination == {"CloudWatchLogsLogGroup": {"LogGroupArn": f"{{{machine}Logs}}"}}


@check
@each("machine", MACHINES)
def logs_hold_no_task_tokens(environment, machine):
    """Nor anything else of an execution's data: who reads them could answer in a person's place."""
    made = environment.one("AWS::StepFunctions::StateMachine", f"{machine}Machine").properties
    assert made["LoggingConfiguration"]["IncludeExecutionData"] is False


@check
@each("machine", MACHINES)
def the_log_group_spares_the_resource_policy_its_limit(environment, machine):
    group = environment.one("AWS::Logs::LogGroup", f"{machine}Logs").properties
    expected = f"/aws/vendedlogs/states/{environment.name}-Training-{machine}"
    assert group["LogGroupName"] == expected


@check
@each("machine", MACHINES)
def the_machine_waits_for_its_policies(environment, machine):
    """Step Functions refuses a machine whose role may not deliver logs yet."""
    made = environment.one("AWS::StepFunctions::StateMachine", f"{machine}Machine")
    assert f"{machine}Policy" in made.depends_on
    role = environment.one("AWS::IAM::Role", f"{machine}Role")
    assert role.properties["ManagedPolicyArns"] == [
        "{WildcardPermissionsMachine}"
    ]  # made before the role


@check
@each("machine", MACHINES)
def what_is_in_progress_is_encrypted_with_our_key(environment, machine):
    made = environment.one("AWS::StepFunctions::StateMachine", f"{machine}Machine").properties
    assert made["EncryptionConfiguration"] == {
        "KmsKeyId": "{ControlKey}",
        "KmsDataKeyReusePeriodSeconds": 300,
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
    }


@check
@each("machine", MACHINES)
def the_role_is_assumed_for_this_machine_only(environment, machine):
    made = environment.one("AWS::StepFunctions::StateMachine", f"{machine}Machine").properties
    (statement,) = trust(environment.one("AWS::IAM::Role", f"{machine}Role"))
    source = statement.conditions["ArnEquals"]["aws:SourceArn"]
    assert source.endswith(f":{{account}}:stateMachine:{made['StateMachineName']}")
