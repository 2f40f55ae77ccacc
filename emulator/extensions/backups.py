"""AWS Backup: selections, which MiniStack's CloudFormation does not know; vaults and plans it does."""

from ministack.services import backup

from emulator.extensions import provisioning
from emulator.extensions.provisioning import Properties, Provisioned, answer_of


def install() -> None:
    provisioning.add("AWS::Backup::BackupSelection", create=_create, delete=delete)
    provisioning.before_create("AWS::Backup::BackupVault", check_vault)


def check_vault(properties: Properties) -> None:
    """A vault that exists keeps its name; MiniStack's CloudFormation takes it over."""
    name = properties.get("BackupVaultName")
    if name in backup._vaults:
        raise ValueError(f"Backup vault with the same name already exists: {name}")


def _create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """A selection is asked for by its plan and its own id; CloudFormation joins the two.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-backup-backupselection.html
    """
    plan = properties["BackupPlanId"]
    made = answer_of(
        backup._create_selection(plan, {"BackupSelection": properties["BackupSelection"]})
    )
    identifier = f"{made['SelectionId']}_{plan}"
    return identifier, {
        "BackupPlanId": plan,
        "Id": identifier,
        "SelectionId": made["SelectionId"],
    }


def delete(identifier: str, _properties: Properties) -> None:
    selection, plan = identifier.split("_")
    backup._delete_selection(plan, selection)
