"""Backups of both tables: one a day, beside the table, for longer than the table itself remembers.

Point-in-time recovery ends with its table; what lies in the vault does not.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from tuning.constructs.placement import own_name
from tuning.constructs.policies import allow, allow_key, managed_policy
from tuning.constructs.wildcard_permissions import look_for_resources

_KEPT_DAYS = 90
"""Recovery to a point in time reaches back 35."""
_AT_FIVE_UTC = "cron(0 5 * * ? *)"
_WITHOUT_BACKUP = ("ABORTED", "EXPIRED", "FAILED")
"""States in which a job ends that has made no backup.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeBackupJob.html"""


class Backup(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tables: Sequence[dynamodb.ITable],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        # A vault must be given a name.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
        name = own_name(self, "Ledger")
        # The vault's grant on the key says that it is for a resource of AWS, as the key demands.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
        vault = backup.CfnBackupVault(
            self, "Vault", backup_vault_name=name, encryption_key_arn=key.key_arn
        )
        # A deployment that is rolled back must not leave the name behind.
        vault.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        daily = backup.CfnBackupPlan.BackupRuleResourceTypeProperty(
            rule_name="Daily",
            target_backup_vault=vault.ref,
            schedule_expression=_AT_FIVE_UTC,
            lifecycle=backup.CfnBackupPlan.LifecycleResourceTypeProperty(
                delete_after_days=_KEPT_DAYS
            ),
        )
        plan = backup.CfnBackupPlan(
            self,
            "Plan",
            backup_plan=backup.CfnBackupPlan.BackupPlanResourceTypeProperty(
                backup_plan_name=f"{cdk.Stack.of(self).stack_name}-Ledger",
                backup_plan_rule=[daily],
            ),
        )
        role, *policies = self._role(tables, key)
        selection = backup.CfnBackupSelection(
            self,
            "Selection",
            backup_plan_id=plan.ref,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                iam_role_arn=role.role_arn,
                selection_name="Ledger",
                resources=[table.table_arn for table in tables],
            ),
        )
        # AWS Backup tries to assume the role, which may not be known everywhere in its first seconds.
        # https://github.com/hashicorp/terraform-provider-aws/issues/9297
        for policy in policies:
            selection.add_resource_dependency(policy)
        self.vault_name = vault.ref

    def failures(self) -> dict[str, object]:
        """The pattern of the events of backups that were not made. AWS writes down how they look, as it does
        not for the dimensions of the metric of the same.

        https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
        """
        return {
            "source": ["aws.backup"],
            "detail-type": ["Backup Job State Change"],
            "detail": {"state": list(_WITHOUT_BACKUP), "backupVaultName": [self.vault_name]},
        }

    def _role(
        self, tables: Sequence[dynamodb.ITable], key: kms.IKey
    ) -> tuple[iam.Role, iam.CfnManagedPolicy, iam.CfnManagedPolicy]:
        """What AWS's own policy for backups has for DynamoDB, on these tables, and what a selection takes.

        Which of the rights are used is a setting of the account: with AWS Backup's advanced features
        StartAwsBackupJob, and without them DynamoDB's own backups. Not the right to delete those: here,
        nobody deletes what is stored.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
        https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
        """
        # Of no other account, where AWS says whose backup it is. UNCONFIRMED: that it does so for this role;
        # its own default role asks for nothing.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-service-confused-deputy-prevention.html
        ours = {"StringEqualsIfExists": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        backups = iam.ServicePrincipal("backup.amazonaws.com", conditions=ours)
        role = iam.Role(self, "Role", assumed_by=backups)
        policy = managed_policy(
            self,
            "Policy",
            roles=[role],
            statements=[
                allow(
                    actions=[
                        "dynamodb:CreateBackup",
                        "dynamodb:DescribeTable",
                        "dynamodb:ListTagsOfResource",
                        "dynamodb:StartAwsBackupJob",
                    ],
                    resources=[table.table_arn for table in tables],
                ),
                allow(
                    actions=["dynamodb:DescribeBackup"],
                    resources=[f"{table.table_arn}/backup/*" for table in tables],
                ),
                allow(actions=["kms:DescribeKey"], resources=[key.key_arn]),
                allow(
                    actions=["kms:CreateGrant"],
                    resources=[key.key_arn],
                    conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
                ),
                allow_key(self, key.key_arn, "dynamodb", "Decrypt", "GenerateDataKey"),
            ],
        )
        looking = managed_policy(
            self, "WildcardPermissions", roles=[role], statements=[look_for_resources()]
        )
        return role, policy, looking
