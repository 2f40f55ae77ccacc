"""Backups of the ledger: one a day, beside the table, for longer than the table itself remembers.

Point-in-time recovery ends with its table; what lies in the vault does not.
"""

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from tuning.constructs.policies import allow, managed_policy

_KEPT_DAYS = 90
"""Recovery to a point in time reaches back 35."""
_AT_FIVE_UTC = "cron(0 5 * * ? *)"


class Backup(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, table: dynamodb.ITable, key: kms.IKey
    ) -> None:
        super().__init__(scope, construct_id)
        # A vault must be given a name.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
        name = f"{cdk.Stack.of(self).stack_name}-Ledger"
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
                backup_plan_name=name, backup_plan_rule=[daily]
            ),
        )
        backup.CfnBackupSelection(
            self,
            "Selection",
            backup_plan_id=plan.ref,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                iam_role_arn=self._role(table, key).role_arn,
                selection_name="Ledger",
                resources=[table.table_arn],
            ),
        )
        self._vault_name = name

    def metric_failed(self) -> cloudwatch.Metric:
        """Not confirmed: that the vault is its only dimension, as alarms in use have it.

        https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
        """
        return cloudwatch.Metric(
            namespace="AWS/Backup",
            metric_name="NumberOfBackupJobsFailed",
            dimensions_map={"BackupVaultName": self._vault_name},
            period=cdk.Duration.hours(1),
            statistic="Sum",
        )

    def _role(self, table: dynamodb.ITable, key: kms.IKey) -> iam.Role:
        """What AWS lists for DynamoDB without what only tables of old accounts need: backups of a
        plan are made with the advanced features, which keep them out of DynamoDB.

        https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
        https://docs.aws.amazon.com/aws-backup/latest/devguide/advanced-ddb-backup.html
        """
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        via = f"dynamodb.{cdk.Stack.of(self).region}.amazonaws.com"
        managed_policy(
            self,
            "Policy",
            roles=[role],
            statements=[
                allow(
                    actions=[
                        "dynamodb:DescribeTable",
                        "dynamodb:ListTagsOfResource",
                        "dynamodb:StartAwsBackupJob",
                    ],
                    resources=[table.table_arn],
                ),
                allow(actions=["kms:DescribeKey"], resources=[key.key_arn]),
                allow(
                    actions=["kms:CreateGrant"],
                    resources=[key.key_arn],
                    conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
                ),
                allow(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[key.key_arn],
                    conditions={"StringEquals": {"kms:ViaService": via}},
                ),
            ],
        )
        return role
