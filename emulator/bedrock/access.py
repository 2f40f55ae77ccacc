"""What a job does as its role before anything else, and how it fails when it may not.

Texts: https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html
Permissions: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
and https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html
"""

from collections.abc import Iterator
from typing import Any, Protocol

from emulator.bedrock.api_errors import JobFailed
from emulator.bedrock.emulated_jobs import EmulatedJob
from emulator.bedrock.ports import Scope, Surroundings

WRITE_CHECK = ".write_access_check_file.temp"
"""Stays behind in the output location; the troubleshooting page spells it .tmp."""

DESCRIBE = ("NetworkInterfaces", "Vpcs", "DhcpOptions", "Subnets", "SecurityGroups")


def split_uri(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class InItsRole(Protocol):
    """What works as a role, whatever kind of job it is."""

    @property
    def scope(self) -> Scope: ...

    @property
    def request(self) -> dict[str, Any]: ...

    @property
    def role(self) -> str: ...


class InANetwork(InItsRole, Protocol):
    """What may make interfaces in the caller's VPC, tagged with its ARN."""

    @property
    def arn(self) -> str: ...


class Importing(InANetwork, Protocol):
    """What reads a folder."""

    @property
    def source_uri(self) -> str: ...


class WithOutput(InItsRole, Protocol):
    """What leaves something behind."""

    @property
    def output_uri(self) -> str: ...


def output_location(job: WithOutput) -> tuple[str, str]:
    """Bucket and prefix, the prefix empty or ending in a slash."""
    bucket, prefix = split_uri(job.output_uri)
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def read_lines(job: InItsRole, aws: Surroundings, uri: str) -> Iterator[bytes]:
    bucket, key = split_uri(uri)
    context = network_context(job)
    wanted = [
        # HeadBucket, which names no prefix; that Bedrock asks for it is inferred.
        ("s3:ListBucket", f"arn:aws:s3:::{bucket}", {}),
        ("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": key}),
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", {}),
    ]
    allowed = all(
        aws.roles.allows(job.role, action, resource, context | extra)
        for action, resource, extra in wanted
    )
    lines = aws.objects.lines(bucket, key) if allowed else None
    if lines is None or not _may_use_key(job, aws, "kms:Decrypt", aws.objects.key_of(bucket, key)):
        raise JobFailed(
            "Could not validate GetObject permissions to access Amazon S3 bucket: "
            f"{bucket} at key {key}"
        )
    return lines


def may_read(
    job: InItsRole, aws: Surroundings, bucket: str, prefix: str, name: str | None = None
) -> bool:
    """List a folder, or with a name read an object of it with the key that it is under.
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-import-iam-role.html
    """
    context = network_context(job)
    place = f"arn:aws:s3:::{bucket}"
    if name is None:
        listed = context | {"s3:prefix": prefix}
        return aws.roles.allows(job.role, "s3:ListBucket", place, listed)
    key = aws.objects.key_of(bucket, prefix + name)
    return aws.roles.allows(
        job.role, "s3:GetObject", f"{place}/{prefix}{name}", context
    ) and _may_use_key(job, aws, "kms:Decrypt", key)


def check_output(job: EmulatedJob, aws: Surroundings) -> None:
    bucket, prefix = output_location(job)
    if not write_output(job, aws, prefix + WRITE_CHECK, b""):
        raise JobFailed(
            "Amazon S3 perms missing (PutObject): Could not validate PutObject permissions to "
            f"access S3 bucket: {bucket} at key {prefix}.write_access_check_file.tmp"
        )


def write_output(job: WithOutput, aws: Surroundings, key: str, body: bytes) -> bool:
    bucket, _ = output_location(job)
    return (
        aws.roles.allows(
            job.role, "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", network_context(job)
        )
        and _may_use_key(job, aws, "kms:GenerateDataKey", aws.objects.key_of(bucket, None))
        and aws.objects.write(bucket, key, body)
    )


def check_network(
    job: InANetwork, aws: Surroundings, *, tag: str = "BedrockModelCustomizationJobArn"
) -> None:
    """The interfaces Bedrock makes in the caller's VPC, if the job names one; `tag` bears the job's ARN."""
    network = job.request.get("vpcConfig")
    if network is None:
        return
    if missing := aws.network.missing(network["subnetIds"], network["securityGroupIds"]):
        # UNCONFIRMED text.
        raise JobFailed(f"The following VPC resources do not exist: {', '.join(missing)}")
    if not aws.network.members_talk(network["securityGroupIds"]):
        # UNCONFIRMED text; the one public report of a job in a VPC has none.
        raise JobFailed(
            "The nodes of the job cannot reach each other: its security groups must allow all traffic "
            f"among their members: {', '.join(network['securityGroupIds'])}"
        )
    for action, resource, context in _interface_actions(job, network, tag):
        if not aws.roles.allows(job.role, action, resource, context):
            # UNCONFIRMED text.
            raise JobFailed(
                f"The provided role is not authorized to perform: {action} on resource: {resource}"
            )


def _interface_actions(
    job: InANetwork, network: dict[str, Any], tag: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    def arn(kind: str, name: str) -> str:
        return f"arn:aws:ec2:{job.scope.region}:{job.scope.account}:{kind}/{name}"

    tags = {"BedrockManaged": "true", tag: job.arn}
    asked = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    carried = {f"ec2:ResourceTag/{name}": value for name, value in tags.items()}
    interface = arn("network-interface", "eni-00000000000000000")
    for subject in DESCRIBE:
        yield f"ec2:Describe{subject}", "*", {}
    for subnet in network["subnetIds"]:
        yield "ec2:CreateNetworkInterface", arn("subnet", subnet), {}
        located = carried | {"ec2:Subnet": arn("subnet", subnet)}
        for action in (
            "CreateNetworkInterfacePermission",
            "DeleteNetworkInterface",
            "DeleteNetworkInterfacePermission",
        ):
            yield f"ec2:{action}", interface, located
    for group in network["securityGroupIds"]:
        yield "ec2:CreateNetworkInterface", arn("security-group", group), {}
    yield "ec2:CreateNetworkInterface", interface, asked
    yield (
        "ec2:CreateTags",
        interface,
        asked | {"ec2:CreateAction": "CreateNetworkInterface", "aws:TagKeys": list(tags)},
    )


def network_context(job: InItsRole) -> dict[str, Any]:
    """The subnets a request comes from; the roles port adds the keys of their endpoint."""
    network = job.request.get("vpcConfig")
    return {"emulator:subnets": network["subnetIds"]} if network else {}


def _may_use_key(job: InItsRole, aws: Surroundings, action: str, key: str | None) -> bool:
    if key is None:
        return True
    via = {
        "kms:ViaService": f"s3.{job.scope.region}.amazonaws.com",
        "kms:CallerAccount": job.scope.account,
    }
    return aws.roles.allows(job.role, action, key, via)
