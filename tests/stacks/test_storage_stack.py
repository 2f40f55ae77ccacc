"""What is stored is ours alone, encrypted, and outlives every deployment."""

import re

import pytest

BUCKETS = ("AccessLogs", "Artifacts", "Datasets", "Prepared")
DATA_BUCKETS = ("Artifacts", "Datasets", "Prepared")

# Logical ids of what holds data or opens it. To change one is to replace the resource: the new one
# is empty, the old one is left behind. A change in this table is a migration.
FROZEN = {
    "AccessLogs8B620ECA": "AWS::S3::Bucket",
    "Artifacts82DD59A1": "AWS::S3::Bucket",
    "BackupVaultD1FD0DC4": "AWS::Backup::BackupVault",
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
PHYSICAL_NAMES = {
    *("BucketName", "FunctionName", "ManagedPolicyName", "QueueName", "RoleName"),
    *("StateMachineName", "TableName", "TopicName", "AlarmName", "DashboardName"),
    "BackupVaultName",
}


@pytest.fixture(params=BUCKETS)
def bucket(environment, request):
    return environment.one("AWS::S3::Bucket", request.param)


@pytest.fixture(params=DATA_BUCKETS)
def data_bucket(environment, request):
    return environment.one("AWS::S3::Bucket", request.param)


def denials(environment, bucket):
    (policy,) = (
        p
        for p in environment.of_type("AWS::S3::BucketPolicy")
        if p.properties["Bucket"] == bucket.ref
    )
    found = policy.properties["PolicyDocument"]["Statement"]
    return {s["Sid"]: s for s in found if s["Effect"] == "Deny"}


def test_stateful_resources_are_exactly_the_frozen_ones(environment):
    assert {r.id: r.type for r in environment.of_type(*STATEFUL)} == FROZEN


@pytest.mark.parametrize("logical_id", FROZEN)
def test_what_holds_data_survives_the_stack_and_its_own_replacement(environment, logical_id):
    (resource,) = (r for r in environment.resources if r.id == logical_id)
    assert resource.replacement == "Retain"
    # What bears a name would be in the way of the next try, after a deployment that is rolled back.
    named = resource.type == "AWS::Backup::BackupVault"
    assert resource.deletion == ("RetainExceptOnCreate" if named else "Retain")


def test_deleting_storage_takes_two_decisions(environment):
    artifacts = environment.manifest["artifacts"].values()
    stacks = [a["properties"] for a in artifacts if a["type"] == "aws:cloudformation:stack"]
    protected = {s["stackName"] for s in stacks if s.get("terminationProtection")}
    ours = {name for name in protected if name.startswith(f"{environment.name}-")}
    assert ours == {f"{environment.name}-Storage"}


def test_only_what_must_be_known_beforehand_bears_a_physical_name(environment):
    """Two environments fit into one account, and a replacement is hardly ever refused for its name.
    The machine's role is for the machine alone, the dead letters are of one queue alone, and AWS
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
        f"{environment.name}-Storage-Ledger",
        f"{stack}-TrainingRun",
        f"{stack}-Uploads",
    }


def test_data_is_encrypted_with_the_data_key_once_a_bucket(data_bucket):
    (rule,) = data_bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "{DataKey}",
    }


def test_access_logs_are_encrypted_as_s3_can_deliver_them(environment):
    logs = environment.one("AWS::S3::Bucket", "AccessLogs")
    (rule,) = logs.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_every_bucket_is_versioned(bucket):
    assert bucket.properties["VersioningConfiguration"] == {"Status": "Enabled"}


def test_no_bucket_can_be_made_public(bucket):
    assert bucket.properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


def test_the_bucket_owner_owns_what_is_in_it(bucket):
    rules = bucket.properties["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_buckets_are_reached_over_tls_only(environment, bucket):
    statement = denials(environment, bucket)["DenyPlainText"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Action"] == "s3:*"
    assert set(statement["Resource"]) == {bucket.ref, f"{bucket.ref}/*"}


def test_tls_before_1_2_is_refused(environment, bucket):
    statement = denials(environment, bucket)["DenyOldTls"]
    assert statement["Condition"] == {"NumericLessThan": {"s3:TlsVersion": 1.2}}
    assert set(statement["Resource"]) == {bucket.ref, f"{bucket.ref}/*"}


def test_bucket_policies_allow_nobody_but_log_delivery(environment):
    allowed = {
        (p.properties["Bucket"], str(s["Principal"]), s["Action"])
        for p in environment.of_type("AWS::S3::BucketPolicy")
        for s in p.properties["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    }
    logging = "{'Service': 'logging.s3.amazonaws.com'}"
    assert allowed == {("{AccessLogs}", logging, "s3:PutObject")}


def test_log_delivery_is_for_our_own_buckets_only(environment):
    policy = environment.one("AWS::S3::BucketPolicy", "AccessLogsPolicy")
    sources = [
        s["Condition"]
        for s in policy.properties["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    ]
    assert {c["StringEquals"]["aws:SourceAccount"] for c in sources} == {"{account}"}
    assert {c["ArnLike"]["aws:SourceArn"] for c in sources} == {f"{{{b}}}" for b in DATA_BUCKETS}


def test_access_to_data_is_logged(data_bucket):
    logging = data_bucket.properties["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == "{AccessLogs}"
    assert logging["LogFilePrefix"] == f"{data_bucket.name.lower()}/"


def test_the_bucket_of_access_logs_does_not_log_itself(environment):
    logs = environment.one("AWS::S3::Bucket", "AccessLogs")
    assert "LoggingConfiguration" not in logs.properties


def test_old_versions_and_abandoned_uploads_do_not_pile_up(bucket):
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    assert {r["Status"] for r in rules} == {"Enabled"}
    assert any("NoncurrentVersionExpiration" in r for r in rules)
    assert any("AbortIncompleteMultipartUpload" in r for r in rules)


def test_no_lifecycle_deletes_current_data(data_bucket):
    rules = data_bucket.properties["LifecycleConfiguration"]["Rules"]
    assert [r for r in rules if {"ExpirationInDays", "ExpirationDate"} & r.keys()] == []


def test_buckets_tell_eventbridge(bucket):
    told = bucket.properties["NotificationConfiguration"]
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_a_key_that_is_deleted_can_be_called_back_for_a_month(environment):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html"""
    for key in environment.of_type("AWS::KMS::Key"):
        assert key.properties.get("PendingWindowInDays", 30) == 30


def test_keys_rotate(environment):
    keys = environment.of_type("AWS::KMS::Key")
    assert {k.properties["EnableKeyRotation"] for k in keys} == {True}


def test_keys_are_open_to_this_account_and_named_services_only(environment):
    principals = {
        k.name: [
            s["Principal"] for s in k.properties["KeyPolicy"]["Statement"] if s["Effect"] == "Allow"
        ]
        for k in environment.of_type("AWS::KMS::Key")
    }
    account = {"AWS": "arn:aws:iam::{account}:root"}
    region = {"dev": "us-east-1", "rich": "us-west-2"}[environment.name]
    assert principals == {
        "DataKey": [account],
        "ControlKey": [
            account,
            {
                "Service": [
                    "cloudwatch.amazonaws.com",
                    "delivery.logs.amazonaws.com",
                    "events.amazonaws.com",
                    "sns.amazonaws.com",
                ]
            },
        ],
        "LogsKey": [account, {"Service": f"logs.{region}.amazonaws.com"}],
    }


def test_uploads_outlive_their_events_and_prepared_copies_their_jobs(environment):
    held = {
        b.name: b.properties.get("ObjectLockConfiguration", {}).get("Rule")
        for b in environment.of_type("AWS::S3::Bucket")
        if b.properties["ObjectLockEnabled"] is True
    }
    assert held == {
        "AccessLogs": None,
        "Artifacts": None,
        "Datasets": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 14}},
        "Prepared": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}},
    }


def test_services_use_keys_for_this_account_only(environment):
    for key in environment.of_type("AWS::KMS::Key"):
        for statement in key.properties["KeyPolicy"]["Statement"]:
            if "Service" in statement["Principal"]:
                assert "{account}" in str(statement["Condition"])


def test_the_ledger_can_be_restored_and_not_deleted_by_mistake(environment):
    ledger = environment.one("AWS::DynamoDB::Table").properties
    assert ledger["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ledger["DeletionProtectionEnabled"] is True


def test_the_ledger_alone_is_backed_up_daily_for_longer_than_it_can_be_restored(environment):
    plan = environment.one("AWS::Backup::BackupPlan")
    (rule,) = plan.properties["BackupPlan"]["BackupPlanRule"]
    assert rule["TargetBackupVault"] == "{BackupVault}"
    assert re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", rule["ScheduleExpression"])
    assert rule["Lifecycle"]["DeleteAfterDays"] > 35
    chosen = environment.one("AWS::Backup::BackupSelection").properties
    assert chosen["BackupPlanId"] == plan.ref
    assert chosen["BackupSelection"]["Resources"] == ["{Ledger}"]
    assert chosen["BackupSelection"]["IamRoleArn"] == "{BackupRole}"


def test_backups_are_encrypted_with_our_key(environment):
    vault = environment.one("AWS::Backup::BackupVault").properties
    assert vault["EncryptionKeyArn"] == "{ControlKey}"


def test_the_ledger_is_encrypted_with_our_key(environment):
    ledger = environment.one("AWS::DynamoDB::Table").properties
    assert ledger["SSESpecification"] == {
        "KMSMasterKeyId": "{ControlKey}",
        "SSEEnabled": True,
        "SSEType": "KMS",
    }


def test_runs_are_listed_by_month_of_arrival(environment):
    assert index(environment, "ByMonth") == [("month", "HASH"), ("arrived_at", "RANGE")]


def test_what_is_open_is_listed_in_order_of_arrival(environment):
    assert index(environment, "Open") == [("open", "HASH"), ("turn", "RANGE")]


def index(environment, name):
    indexes = environment.one("AWS::DynamoDB::Table").properties["GlobalSecondaryIndexes"]
    (found,) = (each for each in indexes if each["IndexName"] == name)
    return [(key["AttributeName"], key["KeyType"]) for key in found["KeySchema"]]


def test_logs_are_kept_for_a_year_or_more(environment):
    groups = environment.of_type("AWS::Logs::LogGroup")
    assert min(g.properties.get("RetentionInDays", 0) for g in groups) >= 365


def test_log_groups_are_encrypted_and_end(dev, rich):
    for environment, days in ((dev, 365), (rich, 731)):
        for group in environment.of_type("AWS::Logs::LogGroup"):
            assert group.properties["KmsKeyId"] == "{LogsKey}"
            assert group.properties["RetentionInDays"] == days
