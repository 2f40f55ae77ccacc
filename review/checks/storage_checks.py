"""What is stored is ours alone, encrypted, and outlives every deployment."""

import re

from review.checks.template_check import check, each
from review.role_policies import allowed

# Logical ids of what holds data or opens it. To change one is to replace the resource: the new one
# is empty, the old one is left behind. A change in this table is a migration.
FROZEN = {
    "AccessLogs8B620ECA": "AWS::S3::Bucket",
    "Artifacts82DD59A1": "AWS::S3::Bucket",
    "BackupVaultD1FD0DC4": "AWS::Backup::BackupVault",
    "Budgets847BC00E": "AWS::DynamoDB::Table",
    "ControlKey5B03DC1E": "AWS::KMS::Key",
    "DataKey17AFBB84": "AWS::KMS::Key",
    "Datasets0030EE04": "AWS::S3::Bucket",
    "LedgerB7379752": "AWS::DynamoDB::Table",
    "LogsKeyA6AB43B2": "AWS::KMS::Key",
    "Prepared9D5FCEAD": "AWS::S3::Bucket",
}
STATEFUL = (
    *("AWS::Backup::BackupVault", "AWS::DynamoDB::Table"),
    *("AWS::KMS::Key", "AWS::S3::Bucket"),
)
TABLES = ("Ledger", "Budgets")
PHYSICAL_NAMES = {
    *("BucketName", "FunctionName", "ManagedPolicyName", "QueueName", "RoleName"),
    *("StateMachineName", "TableName", "TopicName", "AlarmName", "DashboardName"),
    "BackupVaultName",
}


@check
def stateful_resources_are_exactly_the_frozen_ones(environment):
    assert {r.id: r.type for r in environment.of_type(*STATEFUL)} == FROZEN


@check
@each("logical_id", FROZEN)
def what_holds_data_survives_the_stack_and_its_own_replacement(environment, logical_id):
    (resource,) = (r for r in environment.resources if r.id == logical_id)
    assert resource.replacement == "Retain"
    # What a failed create made goes, so that no key is billed and no bucket orphaned; but a table that is
    # protected from deletion would stop the roll-back.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    protected = resource.type == "AWS::DynamoDB::Table"
    assert resource.deletion == ("Retain" if protected else "RetainExceptOnCreate")


@check
def deleting_storage_takes_two_decisions(environment):
    artifacts = environment.manifest["artifacts"].values()
    stacks = [a["properties"] for a in artifacts if a["type"] == "aws:cloudformation:stack"]
    protected = {s["stackName"] for s in stacks if s.get("terminationProtection")}
    ours = {name for name in protected if name.startswith(f"{environment.name}-")}
    assert ours == {f"{environment.name}-Storage"}


@check
def only_what_must_be_known_beforehand_bears_a_physical_name(environment):
    """Two environments fit into one account, and a replacement is hardly ever refused for its name.
    A machine's role is for the machine alone, the dead letters are of one queue alone, and AWS
    Backup takes no vault without a name.
    """
    named = {
        (r.id, name)
        for r in environment.resources
        for name in PHYSICAL_NAMES & r.properties.keys()
        if not r.properties[name].startswith("{")  # a reference to what CloudFormation named
    }
    stack = f"{environment.name}-Training"
    assert {name for _, name in named} == {"BackupVaultName", "QueueName", "StateMachineName"}
    assert {environment.by_id(i).properties[name] for i, name in named} == {
        f"{environment.name}-Storage-Ledger-{{stack}}",
        f"{stack}-Release-{{stack}}",
        f"{stack}-TrainingRun-{{stack}}",
        f"{stack}-Uploads-{{stack}}",
    }


@check
def a_key_that_is_deleted_can_be_called_back_for_a_month(environment):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html"""
    for key in environment.of_type("AWS::KMS::Key"):
        assert key.properties.get("PendingWindowInDays", 30) == 30


@check
def keys_rotate(environment):
    keys = environment.of_type("AWS::KMS::Key")
    assert {k.properties["EnableKeyRotation"] for k in keys} == {True}


@check
def keys_are_open_to_this_account_and_named_services_only(environment):
    principals = {
        k.name: [
            s["Principal"] for s in k.properties["KeyPolicy"]["Statement"] if s["Effect"] == "Allow"
        ]
        for k in environment.of_type("AWS::KMS::Key")
    }
    account = {"AWS": "arn:aws:iam::{account}:root"}
    region = {"dev": "us-east-1", "rich": "us-west-2"}[environment.name]
    assert principals == {
        "DataKey": [account, {"Service": "bedrock.amazonaws.com"}],
        "ControlKey": [
            account,
            {
                "Service": [
                    "cloudwatch.amazonaws.com",
                    "events.amazonaws.com",
                    "sns.amazonaws.com",
                ]
            },
            {"Service": "delivery.logs.amazonaws.com"},
        ],
        "LogsKey": [account, {"Service": f"logs.{region}.amazonaws.com"}],
    }


@check
def uploads_outlive_their_events_and_prepared_copies_their_jobs(environment):
    held = {
        b.name: b.properties.get("ObjectLockConfiguration", {}).get("Rule")
        for b in environment.of_type("AWS::S3::Bucket")
        if b.properties.get("ObjectLockEnabled") is True
    }
    assert held == {
        "Artifacts": None,
        "Datasets": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 14}},
        "Prepared": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}},
    }


@check
def services_use_keys_for_this_account_only(environment):
    """But Bedrock, which opens custom models and nothing else: AWS's statement names no account."""
    for key in environment.of_type("AWS::KMS::Key"):
        for statement in key.properties["KeyPolicy"]["Statement"]:
            if statement["Principal"] == {"Service": "bedrock.amazonaws.com"}:
                continue
            if "Service" in statement["Principal"]:
                assert "{account}" in str(statement["Condition"])


@check
def log_delivery_is_known_by_the_logs_it_opens(environment):
    """Not by aws:SourceAccount, which AWS's own statement does not ask for: logs that are not delivered are missed by
    nobody. https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    statements = environment.one("AWS::KMS::Key", "ControlKey").properties["KeyPolicy"]["Statement"]
    (delivery,) = (s for s in statements if "delivery.logs" in str(s["Principal"]))
    ((operator, condition),) = delivery["Condition"].items()
    assert (operator, list(condition)) == ("ArnLike", ["kms:EncryptionContext:SourceArn"])
    assert delivery["Action"] == "kms:Decrypt"


@check
def bedrock_itself_opens_custom_models_under_provisioned_throughput(environment):
    """https://docs.aws.amazon.com/nova/latest/userguide/customize-fine-tune-encrypt.html"""
    statements = environment.one("AWS::KMS::Key", "DataKey").properties["KeyPolicy"]["Statement"]
    (bedrock,) = (s for s in statements if s["Principal"] == {"Service": "bedrock.amazonaws.com"})
    assert bedrock["Effect"] == "Allow"
    assert set(bedrock["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert bedrock["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
    }


@check
@each("table", TABLES)
def tables_can_be_restored_and_are_not_deleted_by_mistake(environment, table):
    kept = environment.one("AWS::DynamoDB::Table", table).properties
    assert kept["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert kept["DeletionProtectionEnabled"] is True


@check
def both_tables_and_nothing_else_are_backed_up_daily_for_longer_than_they_can_be_restored(
    environment,
):
    plan = environment.one("AWS::Backup::BackupPlan")
    (rule,) = plan.properties["BackupPlan"]["BackupPlanRule"]
    assert rule["TargetBackupVault"] == "{BackupVault}"
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", rule["ScheduleExpression"])
    assert rule["Lifecycle"]["DeleteAfterDays"] > 35
    chosen = environment.one("AWS::Backup::BackupSelection").properties
    assert chosen["BackupPlanId"] == plan.ref
    assert chosen["BackupSelection"]["Resources"] == [f"{{{table}}}" for table in TABLES]
    assert chosen["BackupSelection"]["IamRoleArn"] == "{BackupRole}"


_OF_A_TABLE = {
    *("dynamodb:CreateBackup", "dynamodb:DescribeTable"),
    *("dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"),
}
_MANAGED = {
    **{f"{{{table}}}": _OF_A_TABLE for table in TABLES},
    **{f"{{{table}}}/backup/*": {"dynamodb:DescribeBackup"} for table in TABLES},
    "{ControlKey}": {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"},
    "*": {"tag:GetResources"},
}
"""What AWS's managed policy lets a backup do with a table and its key. Left out: `dynamodb:DeleteBackup`,
since no role deletes what is stored (DynamoDB's own backups stay when theirs is the way); and `backup:CopyIntoBackupVault` with `backup:DescribeBackupVault`, for copies into other vaults.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html"""


@check
def the_backup_may_do_with_the_tables_what_awss_own_policy_lets_it(environment):
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html#advanced-ddb-considerations"""
    given = {}
    for statement in allowed(environment, "BackupRole"):
        for resource in statement.resources:
            given.setdefault(resource, set()).update(statement.actions)
    assert given == _MANAGED


@check
def backups_are_encrypted_with_our_key(environment):
    vault = environment.one("AWS::Backup::BackupVault").properties
    assert vault["EncryptionKeyArn"] == "{ControlKey}"


@check
@each("table", TABLES)
def tables_are_encrypted_with_our_key(environment, table):
    kept = environment.one("AWS::DynamoDB::Table", table).properties
    assert kept["SSESpecification"] == {
        "KMSMasterKeyId": "{ControlKey}",
        "SSEEnabled": True,
        "SSEType": "KMS",
    }


@check
def runs_are_listed_by_month_of_arrival(environment):
    assert index(environment, "ByMonth") == [("month", "HASH"), ("arrived_at", "RANGE")]


@check
def what_is_open_is_listed_in_order_of_arrival(environment):
    assert index(environment, "Open") == [("open", "HASH"), ("turn", "RANGE")]


def index(environment, name):
    indexes = environment.one("AWS::DynamoDB::Table", "Ledger").properties["GlobalSecondaryIndexes"]
    (found,) = (each for each in indexes if each["IndexName"] == name)
    return [(key["AttributeName"], key["KeyType"]) for key in found["KeySchema"]]


@check
def logs_are_kept_for_a_year_or_more(environment):
    groups = environment.of_type("AWS::Logs::LogGroup")
    assert min(g.properties.get("RetentionInDays", 0) for g in groups) >= 365


@check
def the_backups_role_may_before_it_is_chosen(environment):
    """AWS Backup tries to assume it: https://github.com/hashicorp/terraform-provider-aws/issues/9297"""
    depends_on = environment.one("AWS::Backup::BackupSelection").depends_on
    assert {"BackupPolicy", "BackupWildcardPermissions"} <= set(depends_on)
