"""What a step may do, in the names of an environment's resources instead of ARNs.

A resource is `Name` or `Name/suffix`; `tuning/constructs/permissions.py` knows the ARN of each name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Access:
    """One statement of a role."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)
    """By operator and key, as in a policy; `{region}` and `{environment}` are filled in."""


def access(*actions: str, on: str | tuple[str, ...]) -> Access:
    return Access(actions=actions, on=(on,) if isinstance(on, str) else on)


def use_key(name: str, service: str, *actions: str) -> Access:
    """Use a key through one service only, which decrypts and encrypts on the step's behalf.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    via = {"StringEquals": {"kms:ViaService": f"{service}.{{region}}.amazonaws.com"}}
    return Access(actions=tuple(f"kms:{each}" for each in actions), on=(name,), conditions=via)


def publish() -> tuple[Access, ...]:
    """Send notices."""
    return (
        access("sns:Publish", on="Notices"),
        use_key("ControlKey", "sns", "Decrypt", "GenerateDataKey"),
    )


def list_objects(bucket: str, prefix: str) -> Access:
    within = {"StringLike": {"s3:prefix": prefix}}
    return Access(actions=("s3:ListBucket",), on=(bucket,), conditions=within)


def of_environment(*actions: str, on: str, tag: str) -> Access:
    """On those that have this tag with the name of the environment.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    ours = {"StringEquals": {f"aws:ResourceTag/{tag}": "{environment}"}}
    return Access(actions=actions, on=(on,), conditions=ours)


def pass_role(name: str) -> Access:
    """To Bedrock, and to no other service."""
    to = {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    return Access(actions=("iam:PassRole",), on=(name,), conditions=to)


def receive(queue: str) -> Access:
    """Messages are decrypted with the key of a function's environment, which every function may decrypt."""
    return access("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", on=queue)
