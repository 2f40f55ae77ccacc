"""Whatever goes wrong fires an alarm, and the alarm notifies someone."""

import json

from review.checks.intake_checks import matches
from review.checks.template_check import check, each
from review.templates import Plain
from tuning.pipeline.manifest import STEPS, of_kind

MACHINE = "{TrainingRunMachine}"
FUNCTIONS = [step for step in STEPS if step.kind != "deployment"]
"""What CloudFormation invokes has its dead-letter topic instead."""
LOST = [
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "{IntakeDeadLetters.QueueName}"),
    ("AWS/SNS", "NumberOfMessagesPublished", "{DefaultGroupDeadLetters.TopicName}"),
    ("AWS/States", "ExecutionsFailed", MACHINE),
    ("AWS/States", "ExecutionsTimedOut", MACHINE),
]
SILENT = [
    ("AWS/Lambda", "Invocations", f"{{{step.construct_id}Function}}")
    for step in of_kind("scheduled")
]
ALARMS = [
    *LOST,
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "{IntakeQueue.QueueName}"),
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "{IntakeQueue.QueueName}"),
    *(("AWS/Lambda", "Errors", f"{{{step.construct_id}Function}}") for step in FUNCTIONS),
    *SILENT,
    *(
        ("Tuning", metric.name, step.name)
        for step in STEPS
        for metric in step.metrics
        if metric.at_least is not None
    ),
]
BUDGET = ("Tuning", "BudgetLeftUsd", "reconcile_runs")


def alarms(environment):
    found = {
        (
            a.properties["Namespace"],
            a.properties["MetricName"],
            _whose(a.properties["Dimensions"]),
        ): a.properties
        for a in environment.of_type("AWS::CloudWatch::Alarm")
    }
    return Plain(found)


def _whose(dimensions):
    """Metrics of functions are of an environment as well, of which an account may have two."""
    values = {each["Name"]: each["Value"] for each in dimensions}
    assert len(values) == 1 or "environment" in values
    return values.get("service") or next(iter(values.values()))


@check
@each("watched", ALARMS)
def what_goes_wrong_fires_an_alarm(environment, watched):
    assert alarms(environment)[watched]["AlarmActions"] == ["{Notices}"]


@check
@each("state", ["FAILED", "ABORTED", "EXPIRED"])
def a_backup_that_is_not_made_is_put_aside_where_an_alarm_fires(environment, state):
    """By AWS Backup's event, whose form is written down; the dimensions of its metrics are not."""
    vault = environment.one("AWS::Backup::BackupVault").ref
    rule = environment.one("AWS::Events::Rule", "IntakeBackupFailed").properties
    (target,) = rule["Targets"]
    assert target["Arn"] == "{IntakeDeadLetters}"
    event = {
        "source": "aws.backup",
        "detail-type": "Backup Job State Change",
        "detail": {"state": state, "backupVaultName": vault, "statusMessage": "Access denied"},
    }
    assert matches(rule["EventPattern"], event)
    assert not matches(rule["EventPattern"], event | {"source": "custom.backup"})
    for other in ({"state": "COMPLETED"}, {"backupVaultName": "Default"}):
        detail = event["detail"] | other
        assert not matches(rule["EventPattern"], event | {"detail": detail})


@check
def missing_data_is_no_alarm(environment):
    """Nor for scheduled steps, whose alarm would be in ALARM from its creation to the first round."""
    treated = {name: a["TreatMissingData"] for name, a in alarms(environment).items()}
    assert {treated.pop(name) for name in SILENT} == {"missing"}
    assert set(treated.values()) == {"notBreaching"}


@check
@each("watched", SILENT)
def a_step_that_falls_silent_is_reported(environment, watched):
    """When it does not run any more, nothing else would show it: its data then are insufficient."""
    alarm = alarms(environment)[watched]
    assert alarm["InsufficientDataActions"] == alarm["AlarmActions"] == ["{Notices}"]


@check
def every_alarm_says_where_to_read_on(environment):
    for alarm in alarms(environment).values():
        assert "docs/runbook.md" in alarm["AlarmDescription"]


@check
@each("watched", LOST)
def one_lost_upload_or_run_is_enough(environment, watched):
    alarm = alarms(environment)[watched]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@check
@each("step", of_kind("scheduled"))
def a_scheduled_step_runs_as_declared_and_an_alarm_fires_when_it_does_not(environment, step):
    rule = environment.one("AWS::Events::Rule", f"{step.construct_id}Schedule").properties
    every = "1 minute" if step.every_minutes == 1 else f"{step.every_minutes} minutes"
    assert rule["ScheduleExpression"] == f"rate({every})"
    assert rule.get("State", "ENABLED") == "ENABLED"
    watched = ("AWS/Lambda", "Invocations", f"{{{step.construct_id}Function}}")
    assert alarms(environment)[watched]["Period"] == 60 * step.silent_after_minutes
    assert step.every_minutes < step.silent_after_minutes


@check
def no_alarm_is_without_its_test(environment):
    assert {name[:2] for name in alarms(environment)} - {name[:2] for name in ALARMS} <= {
        BUDGET[:2]
    }


@check
def notices_are_encrypted_with_our_key(environment):
    assert (
        environment.one("AWS::SNS::Topic", "Notices").properties["KmsMasterKeyId"] == "{ControlKey}"
    )


@check
def notices_are_published_over_tls_and_by_alarms_of_this_account(environment):
    policy = environment.one("AWS::SNS::TopicPolicy", "NoticesPolicy").properties["PolicyDocument"]
    assert len(policy["Statement"]) == 2
    denied, allowed = policy["Statement"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Principal"] == "*"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "{account}"}}


@check
def alarms_and_rules_may_use_the_key_of_what_they_send_to(environment):
    key = environment.one("AWS::KMS::Key", "ControlKey").properties["KeyPolicy"]
    (senders,) = (s for s in key["Statement"] if "events.amazonaws.com" in str(s["Principal"]))
    assert set(senders["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


@check
def there_is_one_dashboard(environment):
    body = json.loads(environment.one("AWS::CloudWatch::Dashboard").properties["DashboardBody"])
    shown = json.dumps(body)
    for metric in (
        *("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionsSucceeded"),
        *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
        *("ApprovalsWaiting", "OldestApprovalHours", "RunsQueued", "StalledJobs", "BudgetLeftUsd"),
        *("Errors", "Duration"),
    ):
        assert metric in shown
    for step in FUNCTIONS:
        assert f"{{{step.construct_id}Function}}" in shown


@check
def outputs_name_what_people_need(environment):
    outputs = environment.templates["Training"]["Outputs"]
    assert set(outputs) == {
        *(
            "ArtifactsBucket",
            "BudgetsTable",
            "CallersGroup",
            "CallersPolicy",
            "DatasetsBucket",
            "DeadLetters",
            "LedgerTable",
        ),
        *("NoticesTopic", "PreparedBucket", "Queue", "ReleaseMachine", "StateMachine"),
        *({"rich": ("Guardrail", "GuardrailVersion")}.get(environment.name, ())),
    }
