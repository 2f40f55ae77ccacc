"""What surrounds the state machine: its logs, its key, its role."""

from review.checks.template_check import check
from review.role_policies import trust


@check
def every_fault_is_logged_encrypted_and_traced(environment):
    machine = environment.one("AWS::StepFunctions::StateMachine").properties
    assert machine["TracingConfiguration"] == {"Enabled": True}
    logging = machine["LoggingConfiguration"]
    assert logging["Level"] == "ALL"
    (destination,) = logging["Destinations"]
    assert destination == {"CloudWatchLogsLogGroup": {"LogGroupArn": "{TrainingRunLogs}"}}


@check
def logs_hold_no_task_tokens(environment):
    """Nor anything else of an execution's data: who reads them could answer in a person's place."""
    machine = environment.one("AWS::StepFunctions::StateMachine").properties
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


@check
def the_log_group_spares_the_resource_policy_its_limit(environment):
    group = environment.one("AWS::Logs::LogGroup", "TrainingRunLogs").properties
    expected = f"/aws/vendedlogs/states/{environment.name}-Training-TrainingRun"
    assert group["LogGroupName"] == expected


@check
def the_machine_waits_for_its_policies(environment):
    """Step Functions refuses a machine whose role may not deliver logs yet."""
    machine = environment.one("AWS::StepFunctions::StateMachine")
    assert "TrainingRunPolicy" in machine.depends_on
    role = environment.one("AWS::IAM::Role", "TrainingRunRole")
    assert role.properties["ManagedPolicyArns"] == [
        "{WildcardPermissionsMachine}"
    ]  # made before the role


@check
def what_is_in_progress_is_encrypted_with_our_key(environment):
    machine = environment.one("AWS::StepFunctions::StateMachine").properties
    assert machine["EncryptionConfiguration"] == {
        "KmsKeyId": "{ControlKey}",
        "KmsDataKeyReusePeriodSeconds": 300,
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
    }


@check
def the_role_is_assumed_for_this_machine_only(environment):
    machine = environment.one("AWS::StepFunctions::StateMachine").properties
    (statement,) = trust(environment.one("AWS::IAM::Role", "TrainingRunRole"))
    source = statement.conditions["ArnEquals"]["aws:SourceArn"]
    assert source.endswith(f":{{account}}:stateMachine:{machine['StateMachineName']}")
