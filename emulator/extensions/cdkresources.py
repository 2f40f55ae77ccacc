"""CDK's own custom resources that run on Node.

Their handlers import @aws-sdk/client-ec2 and client-s3, which AWS has in its Node runtimes and
MiniStack has not: a deployment hangs until their timeout of 15 minutes. Their work is done here.
"""

from ministack.core.responses import new_uuid
from ministack.services import ec2, s3

from emulator.extensions import provisioning
from emulator.extensions.provisioning import Properties, Provisioned


def install() -> None:
    provisioning.add("Custom::VpcRestrictDefaultSG", create=_restrict, delete=_nothing)
    provisioning.add("Custom::S3AutoDeleteObjects", create=_remember, delete=_empty)


def _restrict(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """Take all rules off a VPC's default security group."""
    group = ec2._security_groups[properties["DefaultSecurityGroupId"]]
    group["IpPermissions"], group["IpPermissionsEgress"] = [], []
    return new_uuid(), {}


def _nothing(_identifier: str, _properties: Properties) -> None:
    """The group goes with its VPC."""


def _remember(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    return properties["BucketName"], {}


def _empty(bucket: str, _properties: Properties) -> None:
    found = s3._buckets.get(bucket)
    if found is not None:
        found["objects"].clear()
        for versioned in [each for each in s3._object_versions if each[0] == bucket]:
            del s3._object_versions[versioned]
