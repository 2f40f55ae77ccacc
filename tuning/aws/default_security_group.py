"""The rules of a VPC's default security group, taken out."""

from tuning.aws.clients import client


def revoke_all(group: str) -> None:
    """Every rule of the group, in both directions."""
    ec2 = client("ec2")
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    for egress, revoke in (
        (True, ec2.revoke_security_group_egress),
        (False, ec2.revoke_security_group_ingress),
    ):
        if ids := [r["SecurityGroupRuleId"] for r in rules if r["IsEgress"] is egress]:
            revoke(GroupId=group, SecurityGroupRuleIds=ids)
