"""Security groups that say every rule in the template: nothing implied, nothing open."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

# A group without an egress rule is given "all traffic out" by EC2, and CDK's own placeholder is an
# ICMP rule that port-range checks refuse. TLS to the loopback address reaches nobody.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html
_TLS: Mapping[str, Any] = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
_NOWHERE = ec2.CfnSecurityGroup.EgressProperty(
    **_TLS, cidr_ip="127.0.0.1/32", description="No other egress"
)


class SecurityGroup(Construct):
    """One group; TLS is the only protocol that its rules know."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        description: str,
        prefix_lists: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`prefix_lists`: what it may reach at 443, as pairs of name and prefix list id."""
        super().__init__(scope, construct_id)
        reach = [
            ec2.CfnSecurityGroup.EgressProperty(
                **_TLS, destination_prefix_list_id=prefix_list, description=f"TLS to {name}"
            )
            for name, prefix_list in prefix_lists
        ]
        self.resource = ec2.CfnSecurityGroup(
            self,
            "Resource",
            vpc_id=vpc.vpc_id,
            group_description=description,
            security_group_egress=reach or [_NOWHERE],
        )
        self.id = self.resource.attr_group_id
        self.group = ec2.SecurityGroup.from_security_group_id(self, "Group", self.id, mutable=False)

    def allow_tls_to(self, other: "SecurityGroup", name: str) -> None:
        """Both sides of one connection: out of this group, into the other."""
        said = f"TLS to {name}"
        _let_out(f"To{name}", self, other, said, _TLS)
        _let_in(f"From{self.node.id}", other, self, said, _TLS)

    def allow_tls_from(self, cidr: str, name: str) -> None:
        ec2.CfnSecurityGroupIngress(
            self,
            f"From{name}",
            group_id=self.id,
            cidr_ip=cidr,
            description=f"TLS from {name}",
            **_TLS,
        )

    def allow_everything_among_members(self) -> None:
        """For jobs on several nodes: see docs/network.md before you use it."""
        said = "All traffic among the nodes of a job"
        _let_in("FromMembers", self, self, said, {"ip_protocol": "-1"})
        _let_out("ToMembers", self, self, said, {"ip_protocol": "-1"})


def _let_out(
    name: str, of: SecurityGroup, to: SecurityGroup, description: str, traffic: Mapping[str, Any]
) -> None:
    ec2.CfnSecurityGroupEgress(
        of,
        name,
        group_id=of.id,
        destination_security_group_id=to.id,
        description=description,
        **traffic,
    )


def _let_in(
    name: str, to: SecurityGroup, of: SecurityGroup, description: str, traffic: Mapping[str, Any]
) -> None:
    ec2.CfnSecurityGroupIngress(
        to,
        name,
        group_id=to.id,
        source_security_group_id=of.id,
        description=description,
        **traffic,
    )
