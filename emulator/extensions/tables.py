"""DynamoDB: encryption, recovery and expiry that MiniStack's CloudFormation drops.

`AWS::DynamoDB::GlobalTable` (CDK's TableV2) states some of them per replica: those of the Region
it is deployed to are taken.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-dynamodb-globaltable-replicaspecification.html
"""

from typing import Any

from ministack.core.responses import get_region
from ministack.services import dynamodb

from emulator.extensions import provisioning
from emulator.extensions.provisioning import answer_of, flag


def install() -> None:
    provisioning.after("AWS::DynamoDB::Table", _apply)
    provisioning.after("AWS::DynamoDB::GlobalTable", apply_global)


def apply_global(name: str, properties: dict[str, Any]) -> None:
    replicas = properties.get("Replicas") or []
    here = [each for each in replicas if each.get("Region") == get_region()]
    mine: dict[str, Any] = here[0] if here else {}
    encryption = properties.get("SSESpecification")
    if encryption:
        encryption = {**encryption, **(mine.get("SSESpecification") or {})}
    _apply(name, {**properties, **mine, "SSESpecification": encryption})


def _apply(name: str, properties: dict[str, Any]) -> None:
    table = dynamodb._tables.get(name)
    if table is None:
        return
    if encryption := properties.get("SSESpecification"):
        wanted = {
            "Enabled": flag(encryption.get("SSEEnabled")),
            "SSEType": encryption.get("SSEType", "KMS"),
            "KMSMasterKeyId": encryption.get("KMSMasterKeyId"),
        }
        table["SSEDescription"] = dynamodb._sse_description_from_spec(
            {name: value for name, value in wanted.items() if value is not None}
        )
    table["DeletionProtectionEnabled"] = flag(properties.get("DeletionProtectionEnabled"))
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        answer_of(
            dynamodb._update_continuous_backups(
                {
                    "TableName": name,
                    "PointInTimeRecoverySpecification": {
                        "PointInTimeRecoveryEnabled": flag(
                            recovery.get("PointInTimeRecoveryEnabled")
                        )
                    },
                }
            )
        )
    if expiry := properties.get("TimeToLiveSpecification"):
        answer_of(
            dynamodb._update_ttl(
                {
                    "TableName": name,
                    "TimeToLiveSpecification": {**expiry, "Enabled": flag(expiry.get("Enabled"))},
                }
            )
        )
