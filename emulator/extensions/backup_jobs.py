"""AWS Backup: a selection and a job are held to their role, a job ends in a state, and says so in an event;
nothing is copied.

A custom role needs what AWS's own policy has for DynamoDB; with less the job fails. No metric shows it: AWS
publishes some, and writes down none of their dimensions for a vault, so that nobody can rely on one here.

https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html#advanced-ddb-considerations
https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
"""

import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import backup, dynamodb

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import REFUSED
from emulator.extensions.roles import MiniStackRoles
from emulator.extensions.service_events import publish_event

_SERVICE = "backup.amazonaws.com"
_TABLE = ("dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob")
"""With the advanced features, which every account made since 2021-11 has."""
_GRANT = {"kms:GrantIsForAWSResource": "true"}
_LOOKS_FOR_RESOURCES = "tag:GetResources"


def install(roles: MiniStackRoles) -> None:
    patch(backup, "_start_job", _start_and_report, roles)
    patch(backup, "_create_selection", _create_if_its_role_may, roles)


def _create_if_its_role_may(
    create: Theirs[Response], roles: MiniStackRoles, plan: str, asked: dict[str, Any]
) -> Response:
    """A selection is refused when its role may not look for resources by their tags. Whether also one that names
    its resources is not documented; the reports are of selections as such.

    https://github.com/hashicorp/terraform-provider-aws/issues/10511
    https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
    """
    role = asked.get("BackupSelection", {}).get("IamRoleArn", "")
    if not roles.allows(role, _LOOKS_FOR_RESOURCES, "*", {}):
        why = f"IAM Role {role} is not authorized to call {_LOOKS_FOR_RESOURCES}"
        refused: Response = backup._err("InvalidParameterValueException", why, 400)
        return refused
    return create(plan, asked)


def _start_and_report(
    start: Theirs[Response], roles: MiniStackRoles, asked: dict[str, Any]
) -> Response:
    answer = start(asked)
    if answer[0] < REFUSED:
        job = backup._jobs[json.loads(answer[2])["BackupJobId"]]
        if missing := _missing(job, roles):
            # UNCONFIRMED text.
            why = f"IAM role {job['IamRoleArn']} does not have permission: {missing}"
            job.update(State="FAILED", StatusMessage=why, PercentDone="0.0")
            backup._vaults[job["BackupVaultName"]]["NumberOfRecoveryPoints"] -= 1
        _report(job)
    return answer


def _missing(job: dict[str, Any], roles: MiniStackRoles) -> str:
    """The first permission that the role lacks; empty when it has all."""
    role = job["IamRoleArn"]
    if not roles.may_be_assumed(role, job["BackupJobArn"], _SERVICE):
        return "sts:AssumeRole"
    return next(
        (
            action
            for action, resource, context in _needs(job)
            if not roles.allows(role, action, resource, context)
        ),
        "",
    )


def _needs(job: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    table = job["ResourceArn"]
    yield from ((action, table, {}) for action in _TABLE)
    if vault_key := backup._vaults[job["BackupVaultName"]].get("EncryptionKeyArn"):
        yield "kms:DescribeKey", vault_key, {}
        yield "kms:CreateGrant", vault_key, _GRANT
    described = dynamodb._tables.get(table.partition(":table/")[2]) or {}
    if key := (described.get("SSEDescription") or {}).get("KMSMasterKeyArn"):
        via = {"kms:ViaService": f"dynamodb.{get_region()}.amazonaws.com"}
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            yield action, key, {**via, "kms:CallerAccount": get_account_id()}


def _report(job: dict[str, Any]) -> None:
    """Members as in the page's example of a job that failed."""
    detail = {
        "backupJobId": job["BackupJobId"],
        "backupVaultName": job["BackupVaultName"],
        "backupVaultArn": job["BackupVaultArn"],
        "iamRoleArn": job["IamRoleArn"],
        "resourceArn": job["ResourceArn"],
        "resourceType": "DynamoDB",
        "state": job["State"],
        "statusMessage": job["StatusMessage"],
    }
    publish_event("aws.backup", "Backup Job State Change", job["BackupJobArn"], detail)
