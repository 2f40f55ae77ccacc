"""How what holds data is read back: buckets, tables, keys, log groups."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]


def vault(client: Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client("backup").describe_backup_vault(BackupVaultName=name)
    return found


def plan(client: Client, identifier: str) -> dict[str, Any]:
    """In the words of the template, where a rule's vault has another name."""
    found = client("backup").get_backup_plan(BackupPlanId=identifier)["BackupPlan"]
    rules = [
        {**each, "TargetBackupVault": each["TargetBackupVaultName"]} for each in found["Rules"]
    ]
    return {"BackupPlan": {**found, "BackupPlanRule": rules}}


def selection(client: Client, identifier: str) -> dict[str, Any]:
    chosen, its_plan = identifier.split("_")
    found: dict[str, Any] = client("backup").get_backup_selection(
        BackupPlanId=its_plan, SelectionId=chosen
    )
    return found


def bucket(client: Client, name: str) -> dict[str, Any]:
    s3 = client("s3")

    def ask(operation: str) -> dict[str, Any]:
        """Without what was never configured, which S3 answers with an error."""
        try:
            found: dict[str, Any] = getattr(s3, f"get_{operation}")(Bucket=name)
        except ClientError as error:
            if error.response["Error"]["Code"].startswith(
                ("NoSuch", "ServerSide", "Object", "Own")
            ):
                return {}
            raise
        return found

    lock = ask("object_lock_configuration").get("ObjectLockConfiguration", {})
    notified = ask("bucket_notification_configuration")
    block = ask("public_access_block").get("PublicAccessBlockConfiguration")
    return {
        "BucketEncryption": _encryption(ask("bucket_encryption")),
        "VersioningConfiguration": {"Status": ask("bucket_versioning").get("Status")},
        "PublicAccessBlockConfiguration": block,
        "OwnershipControls": ask("bucket_ownership_controls").get("OwnershipControls"),
        "LoggingConfiguration": _logging(ask("bucket_logging").get("LoggingEnabled", {})),
        "LifecycleConfiguration": {
            "Rules": [
                _rule(each) for each in ask("bucket_lifecycle_configuration").get("Rules", [])
            ]
        },
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {
                "EventBridgeEnabled": "EventBridgeConfiguration" in notified
            }
        },
        "ObjectLockEnabled": lock.get("ObjectLockEnabled") == "Enabled",
        "ObjectLockConfiguration": lock,
    }


def _encryption(found: dict[str, Any]) -> dict[str, Any]:
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    for each in rules:
        each["ServerSideEncryptionByDefault"] = each.pop("ApplyServerSideEncryptionByDefault")
    return {"ServerSideEncryptionConfiguration": rules}


def _logging(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "DestinationBucketName": found.get("TargetBucket"),
        "LogFilePrefix": found.get("TargetPrefix"),
    }


def _rule(found: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: found[name]
        for name in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Status")
        if name in found
    }
    days = found.get("Expiration", {}).get("Days")
    return kept | {"Id": found["ID"]} | ({"ExpirationInDays": days} if days else {})


def bucket_policy(client: Client, name: str) -> dict[str, Any]:
    document = client("s3").get_bucket_policy(Bucket=name)["Policy"]
    return {"Bucket": name, "PolicyDocument": json.loads(document)}


def table(client: Client, name: str) -> dict[str, Any]:
    dynamodb = client("dynamodb")
    found = dynamodb.describe_table(TableName=name)["Table"]
    encrypted = found.get("SSEDescription", {})
    recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    enabled = recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    described = ("IndexName", "KeySchema", "Projection")
    return found | {
        "BillingMode": found.get("BillingModeSummary", {}).get("BillingMode"),
        "GlobalSecondaryIndexes": [
            {part: index[part] for part in described}
            for index in found.get("GlobalSecondaryIndexes", [])
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled},
        "SSESpecification": {
            "KMSMasterKeyId": encrypted.get("KMSMasterKeyArn"),
            "SSEEnabled": encrypted.get("Status") == "ENABLED",
            "SSEType": encrypted.get("SSEType"),
        },
    }


def key(client: Client, identifier: str) -> dict[str, Any]:
    kms = client("kms")
    document = kms.get_key_policy(KeyId=identifier, PolicyName="default")["Policy"]
    return {
        "Description": kms.describe_key(KeyId=identifier)["KeyMetadata"]["Description"],
        "EnableKeyRotation": kms.get_key_rotation_status(KeyId=identifier)["KeyRotationEnabled"],
        "KeyPolicy": json.loads(document),
    }


def log_group(client: Client, name: str) -> dict[str, Any]:
    found = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    (one,) = (group for group in found if group["logGroupName"] == name)
    return {
        "KmsKeyId": one.get("kmsKeyId"),
        "LogGroupName": name,
        "RetentionInDays": one.get("retentionInDays"),
    }
