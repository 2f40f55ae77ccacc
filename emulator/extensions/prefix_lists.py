"""EC2: the prefix lists of AWS have the ids that they have on AWS, and a rule may name no other that is not there.

MiniStack makes ids of their names, and takes any id in a rule.
https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
"""

from typing import Any

from ministack.services import ec2

from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

IDS = {
    "com.amazonaws.us-east-1.s3": "pl-63a5400a",
    "com.amazonaws.us-east-1.dynamodb": "pl-02cd2c6b",
    "com.amazonaws.us-west-2.s3": "pl-68a54001",
    "com.amazonaws.us-west-2.dynamodb": "pl-00a54069",
}
"""Public; the rest keep those that MiniStack makes."""


def install() -> None:
    patch(ec2, "_aws_pl_id_from_name", _identify)
    provisioning.before("AWS::EC2::SecurityGroupEgress", _check)
    provisioning.before("AWS::EC2::SecurityGroup", _check_all)


def _check(rule: provisioning.Properties) -> None:
    """Raises ValueError, in AWS's words."""
    named = rule.get("DestinationPrefixListId") or rule.get("SourcePrefixListId")
    there = {each["PrefixListId"] for each in ec2._get_aws_managed_prefix_lists()}
    if named and named not in there | set(ec2._prefix_lists):
        raise ValueError(f"The prefix list ID '{named}' does not exist")


def _check_all(group: provisioning.Properties) -> None:
    for name in ("SecurityGroupEgress", "SecurityGroupIngress"):
        for rule in group.get(name) or ():
            _check(rule)


def _identify(make: Theirs[Any], name: str) -> Any:
    return IDS.get(name) or make(name)
