"""As strict as AWS: what the role of a backup needs. docs/emulator.md has the table."""

import pytest
from strict import ACCOUNT, a_key, a_table, allow, may, refused, role_for

STAGE = {"phase_seconds": 0.02, "role_seconds": 0, "enforce": True}


@pytest.fixture(scope="module")
def backed_up(stage):
    """start(rights) → state and message of a job whose role has these."""
    key = a_key(stage)
    a_table(stage, "ledger", key)
    backup = stage.client("backup")
    backup.create_backup_vault(BackupVaultName="vault", EncryptionKeyArn=key)
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ledger"
    role = role_for(stage, "backup", "copies")

    def start(*rights):
        allow(stage, "copies", *(rights or [may("s3:List*")]))
        asked = {"BackupVaultName": "vault", "ResourceArn": table, "IamRoleArn": role}
        job = backup.describe_backup_job(
            BackupJobId=backup.start_backup_job(**asked)["BackupJobId"]
        )
        return job["State"], job.get("StatusMessage", "")

    return start


VIA = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
RIGHTS = [
    may("dynamodb:DescribeTable"),
    may("dynamodb:ListTagsOfResource"),
    may("dynamodb:StartAwsBackupJob"),
    may("kms:DescribeKey"),
    may("kms:CreateGrant", **FOR_AWS),
    may("kms:Decrypt", **VIA),
    may("kms:GenerateDataKey", **VIA),
]


@pytest.mark.usefixtures("backed_up")
def test_a_selections_role_may_look_for_resources(stage):
    """The text is that of reports: https://github.com/hashicorp/terraform-provider-aws/issues/10511"""
    backup = stage.client("backup")
    plan = backup.create_backup_plan(
        BackupPlan={
            "BackupPlanName": "daily",
            "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "vault"}],
        }
    )["BackupPlanId"]
    role = role_for(stage, "backup", "chooses")
    chosen = {"SelectionName": "ledger", "IamRoleArn": role, "Resources": ["*"]}
    asked = {"BackupPlanId": plan, "BackupSelection": chosen}
    code, status, why = refused(backup.create_backup_selection, **asked)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "is not authorized to call tag:GetResources" in why
    allow(stage, "chooses", may("tag:GetResources"))
    assert backup.create_backup_selection(**asked)["SelectionId"]


def test_a_backup_takes_what_awss_own_policy_has(backed_up):
    assert backed_up(*RIGHTS) == ("COMPLETED", "")


@pytest.mark.parametrize("left_out", RIGHTS, ids=lambda right: right["Action"][0])
def test_a_backup_role_that_lacks_a_right_makes_no_backup(backed_up, left_out):
    state, why = backed_up(*(right for right in RIGHTS if right is not left_out))
    assert state == "FAILED"
    assert left_out["Action"][0] in why
