"""Whatever goes wrong rings, and someone can hear it."""

import json

import pytest

DOORS = (
    *("AuthorizeSpend", "CollectResults", "PrepareDataset"),
    *("ReceiveUpload", "StartTraining", "TrackTraining"),
)
MACHINE = "{TrainingRunMachine}"
ALARMS = [
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "{IntakeDeadLetters.QueueName}"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "{IntakeQueue.QueueName}"),
    ("AWS/SNS", "NumberOfMessagesPublished", "{DefaultGroupDeadLetters.TopicName}"),
    ("AWS/States", "ExecutionsFailed", MACHINE),
    ("AWS/States", "ExecutionsTimedOut", MACHINE),
    *(("AWS/Lambda", "Errors", f"{{{door}Function}}") for door in (*DOORS, "GuardDoor")),
    ("AWS/Lambda", "Invocations", "{GuardDoorFunction}"),
    ("Tuning", "ForeignJobs", "guard_jobs"),
    *(
        ("Tuning", gauge, "reconcile_runs")
        for gauge in ("RunsNotHealed", "StalledJobs", "OldestApprovalHours")
    ),
    ("AWS/Lambda", "Invocations", "{ReconcilerDoorFunction}"),
    ("AWS/Lambda", "Errors", "{ReconcilerDoorFunction}"),
]
SILENT = [
    ("AWS/Lambda", "Invocations", f"{{{each}DoorFunction}}") for each in ("Guard", "Reconciler")
]
BUDGET = ("Tuning", "BudgetLeftUsd", "reconcile_runs")


def alarms(environment):
    return {
        (
            a.properties["Namespace"],
            a.properties["MetricName"],
            _whose(a.properties["Dimensions"]),
        ): a.properties
        for a in environment.of_type("AWS::CloudWatch::Alarm")
    }


def _whose(dimensions):
    """Metrics of doors are of an environment as well, of which an account may have two."""
    values = {each["Name"]: each["Value"] for each in dimensions}
    assert len(values) == 1 or "environment" in values
    return values.get("service") or next(iter(values.values()))


@pytest.mark.parametrize("watched", ALARMS)
def test_what_goes_wrong_rings(environment, watched):
    assert alarms(environment)[watched]["AlarmActions"] == ["{Notices}"]


def test_a_backup_that_fails_rings(environment):
    vault = environment.one("AWS::Backup::BackupVault").properties["BackupVaultName"]
    alarm = alarms(environment)["AWS/Backup", "NumberOfBackupJobsFailed", vault]
    assert alarm["AlarmActions"] == ["{Notices}"]


def test_the_guard_looks_at_all_jobs_once_a_minute(environment):
    """A job that is foreign must be stopped within five."""
    rule = environment.one("AWS::Events::Rule", "GuardSchedule").properties
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule.get("State", "ENABLED") == "ENABLED"


def test_nothing_rings_for_want_of_news(environment):
    """Only who looks by himself has to be heard of: if he sleeps, nobody else would notice."""
    treated = {name: a["TreatMissingData"] for name, a in alarms(environment).items()}
    assert [treated.pop(name) for name in SILENT] == ["breaching", "breaching"]
    assert set(treated.values()) == {"notBreaching"}


def test_every_alarm_says_where_to_read_on(environment):
    for alarm in alarms(environment).values():
        assert "docs/runbook.md" in alarm["AlarmDescription"]


@pytest.mark.parametrize("watched", ALARMS[:1] + ALARMS[2:5])
def test_one_lost_upload_or_run_is_enough(environment, watched):
    alarm = alarms(environment)[watched]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_a_budget_that_is_nearly_used_rings_where_there_is_one(dev, rich):
    assert BUDGET not in alarms(dev)
    alarm = alarms(rich)[BUDGET]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (500, "LessThanThreshold")


@pytest.mark.parametrize("watched", SILENT[1:])
def test_three_rounds_without_the_reconciler_ring(environment, watched):
    rule = environment.one("AWS::Events::Rule", "ReconcilerSchedule").properties
    assert rule["ScheduleExpression"] == "rate(10 minutes)"
    assert alarms(environment)[watched]["Period"] == 3 * 600


def test_notices_are_encrypted_with_our_key(environment):
    assert (
        environment.one("AWS::SNS::Topic", "Notices").properties["KmsMasterKeyId"] == "{ControlKey}"
    )


def test_notices_are_published_over_tls_and_by_alarms_of_this_account(environment):
    policy = environment.one("AWS::SNS::TopicPolicy", "NoticesPolicy").properties["PolicyDocument"]
    denied, allowed = policy["Statement"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Principal"] == "*"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "{account}"}}


def test_alarms_and_rules_may_use_the_key_of_what_they_send_to(environment):
    key = environment.one("AWS::KMS::Key", "ControlKey").properties["KeyPolicy"]
    (senders,) = (s for s in key["Statement"] if "Service" in s["Principal"])
    assert set(senders["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_there_is_one_page_to_look_at(environment):
    body = json.loads(environment.one("AWS::CloudWatch::Dashboard").properties["DashboardBody"])
    shown = json.dumps(body)
    for metric in (
        *("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionsSucceeded"),
        *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
        *("ApprovalsWaiting", "OldestApprovalHours", "RunsQueued", "StalledJobs", "BudgetLeftUsd"),
        *("Errors", "Duration"),
    ):
        assert metric in shown
    for door in DOORS:
        assert f"{{{door}Function}}" in shown


def test_outputs_name_what_people_need(environment):
    outputs = environment.templates["Training"]["Outputs"]
    assert set(outputs) == {
        *("ArtifactsBucket", "DatasetsBucket", "DeadLetters", "LedgerTable"),
        *("NoticesTopic", "PreparedBucket", "Queue", "StateMachine"),
    }
