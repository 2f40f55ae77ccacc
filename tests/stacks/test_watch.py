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
    ("AWS/States", "ExecutionsFailed", MACHINE),
    ("AWS/States", "ExecutionsTimedOut", MACHINE),
    *(("AWS/Lambda", "Errors", f"{{{door}Function}}") for door in (*DOORS, "GuardDoor")),
    ("AWS/Lambda", "Invocations", "{GuardDoorFunction}"),
    ("Tuning", "ForeignJobs", "guard_jobs"),
]


def alarms(environment):
    return {
        (
            a.properties["Namespace"],
            a.properties["MetricName"],
            a.properties["Dimensions"][0]["Value"],
        ): a.properties
        for a in environment.of_type("AWS::CloudWatch::Alarm")
    }


@pytest.mark.parametrize("watched", ALARMS)
def test_what_goes_wrong_rings(environment, watched):
    assert alarms(environment)[watched]["AlarmActions"] == ["{Notices}"]


def test_the_guard_looks_at_all_jobs_once_a_minute(environment):
    """A job that is foreign must be stopped within five."""
    rule = environment.one("AWS::Events::Rule", "GuardSchedule").properties
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule.get("State", "ENABLED") == "ENABLED"


def test_nothing_rings_for_want_of_news(environment):
    """Only the guard has to be heard of: if it sleeps, nobody else would notice."""
    treated = {name: a["TreatMissingData"] for name, a in alarms(environment).items()}
    assert treated.pop(("AWS/Lambda", "Invocations", "{GuardDoorFunction}")) == "breaching"
    assert set(treated.values()) == {"notBreaching"}


def test_every_alarm_says_where_to_read_on(environment):
    for alarm in alarms(environment).values():
        assert "docs/operations.md" in alarm["AlarmDescription"]


@pytest.mark.parametrize("watched", ALARMS[:1] + ALARMS[2:4])
def test_one_lost_upload_or_run_is_enough(environment, watched):
    alarm = alarms(environment)[watched]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_notices_are_encrypted_with_our_key(environment):
    assert environment.one("AWS::SNS::Topic").properties["KmsMasterKeyId"] == "{ControlKey}"


def test_notices_are_published_over_tls_and_by_alarms_of_this_account(environment):
    policy = environment.one("AWS::SNS::TopicPolicy").properties["PolicyDocument"]
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
    for metric in ("ExecutionsFailed", "ApproximateAgeOfOldestMessage", "Errors", "Duration"):
        assert metric in shown
    for door in DOORS:
        assert f"{{{door}Function}}" in shown


def test_outputs_name_what_people_need(environment):
    outputs = environment.templates["Training"]["Outputs"]
    assert set(outputs) == {
        *("ArtifactsBucket", "DatasetsBucket", "DeadLetters", "LedgerTable"),
        *("NoticesTopic", "PreparedBucket", "Queue", "StateMachine"),
    }
