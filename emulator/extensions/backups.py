"""AWS Backup: selections, which MiniStack's CloudFormation does not know; vaults and plans it does."""

import json
from typing import Any

from ministack.services import backup

from emulator.extensions import provisioning
from emulator.extensions.provisioning import Properties, Provisioned

REFUSED = 400


def install() -> None:
    provisioning.add("AWS::Backup::BackupSelection", create=create, delete=delete)


def create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """A selection is asked for by its plan and its own id; CloudFormation joins the two.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-backup-backupselection.html
    """
    plan = properties["BackupPlanId"]
    made = _accepted(
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


def _accepted(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(response[2])
    if response[0] >= REFUSED:
        raise ValueError(told.get("Message", "refused"))
    return told
