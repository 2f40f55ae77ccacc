"""Backups of both tables, as AWS Backup would begin them in the deployed role's name; nothing is copied here."""

import json

import pytest
from patience import until


@pytest.fixture(scope="module")
def backup(world):
    """start(role) → the job as AWS Backup describes it; `plan` is what the deployed plan says."""
    client = world.client("backup")
    [plan] = client.list_backup_plans()["BackupPlansList"]
    plan_id = plan["BackupPlanId"]
    [listed] = client.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    selected = client.get_backup_selection(BackupPlanId=plan_id, SelectionId=listed["SelectionId"])[
        "BackupSelection"
    ]
    [rule] = client.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]["Rules"]
    tables = selected["Resources"]
    world.instance.advance_clock(3)  # the first backup is hours younger than its role

    def start(role, table=tables[0]):
        asked = {"BackupVaultName": rule["TargetBackupVaultName"], "ResourceArn": table}
        made = client.start_backup_job(**asked, IamRoleArn=role)
        return client.describe_backup_job(BackupJobId=made["BackupJobId"])

    start.role, start.tables = selected["IamRoleArn"], tables
    return start


def test_both_tables_are_backed_up_in_the_name_of_the_plans_role(backup):
    assert len(backup.tables) == 2
    for table in backup.tables:
        job = backup(backup.role, table)
        assert (job["State"], job.get("StatusMessage", "")) == ("COMPLETED", "")


def test_a_backup_that_was_not_made_is_put_among_the_dead_letters(world, backup):
    """By the event: no metric of AWS Backup has a dimension that is written down."""
    iam, sqs = world.client("iam"), world.client("sqs")
    trusted = iam.get_role(RoleName=backup.role.rpartition("/")[2])["Role"]
    without = iam.create_role(
        RoleName="backs-up-nothing",
        AssumeRolePolicyDocument=json.dumps(trusted["AssumeRolePolicyDocument"]),
    )["Role"]["Arn"]
    world.instance.advance_clock(3)
    job = backup(without)
    assert job["State"] == "FAILED"
    dead = world.account.outputs["DeadLetters"]

    def letter():
        for message in sqs.receive_message(QueueUrl=dead).get("Messages", []):
            if job["BackupJobId"] in message["Body"]:
                sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
                return json.loads(message["Body"])
        return None

    event = until(letter, "the event among the dead letters")
    assert event["detail"]["statusMessage"] == job["StatusMessage"]
    assert world.client("cloudwatch").list_metrics(Namespace="AWS/Backup")["Metrics"] == []
