"""Security groups that say every rule in the template: nothing implied, nothing open."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

# A group without an egress rule is given "all traffic out" by EC2, and CDK's own placeholder is an
# ICMP rule that port-range checks refuse. TLS to the loopback address reaches nobody.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html
_NOWHERE = ec2.CfnSecurityGroup.EgressProperty(
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    cidr_ip="127.0.0.1/32",
    description="No other egress",
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
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                destination_prefix_list_id=prefix_list,
                description=f"TLS to {name}",
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
        description = f"TLS to {name}"
        ec2.CfnSecurityGroupEgress(
            self,
            f"To{name}",
            group_id=self.id,
            destination_security_group_id=other.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=description,
        )
        ec2.CfnSecurityGroupIngress(
            other,
            f"From{self.node.id}",
            group_id=other.id,
            source_security_group_id=self.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=description,
        )

    def allow_tls_from(self, cidr: str, name: str) -> None:
        ec2.CfnSecurityGroupIngress(
            self,
            f"From{name}",
            group_id=self.id,
            cidr_ip=cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=f"TLS from {name}",
        )

    def allow_everything_among_members(self) -> None:
        """For jobs on several nodes: see docs/network.md before you use it."""
        description = "All traffic among the nodes of a job"
        ec2.CfnSecurityGroupIngress(
            self,
            "FromMembers",
            group_id=self.id,
            source_security_group_id=self.id,
            ip_protocol="-1",
            description=description,
        )
        ec2.CfnSecurityGroupEgress(
            self,
            "ToMembers",
            group_id=self.id,
            destination_security_group_id=self.id,
            ip_protocol="-1",
            description=description,
        )
