"""Who may pass the private perimeter, and what of it rests on what AWS does not say.

Nothing in here opens a bucket to anyone: a bucket policy takes away, IAM of the account gives.
Decided in docs/decisions/0013.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk

from tuning.errors import ConfigError

# A bucket policy has 20 KB. In those of uploads and reports, each of those who break the glass is
# named up to four times, each uploader once, as an ARN. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
_MOST_NAMED, _ARN, _TIMES = 14_000, len('"arn:aws:iam:::",') + 12, 4

_PRINCIPAL = re.compile(r"root|(role|user)/[\w+=,.@/*-]+")


@dataclass(frozen=True, kw_only=True)
class Perimeter:
    """Principals are written `role/Name`, `user/Name` or `root`, always of this account; `*` stands
    for any characters, as in `role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_DataTeam_*`.
    """

    uploaders: tuple[str, ...] | None = None
    """Who may upload under `datasets/` and read reports under `runs/` without coming through the
    VPC. None: everyone whom IAM of this account allows to; (): nobody."""
    break_glass: tuple[str, ...] = ()
    """Who may reach data, and the data key, from anywhere: for an emergency. TLS, encryption and
    write-once still bind them. Anyone who may edit the policies can always let themselves in."""
    vpc_only: bool = True
    """Whether data is read and written through the VPC only. Off, Storage does not name the VPC: for
    the time in which Network is replaced (docs/operations.md)."""
    job_outside: bool = False
    """Whether Bedrock's job role may come from outside of the VPC. AWS recommends the demand for
    jobs (https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-s3.html) but does not say whether
    the checks before a job pass through it. On, when jobs fail as `storage_denied`."""
    grants_declared: bool = True
    """Whether a grant on the data key must say that it is for an AWS service. Bedrock makes one when
    a job starts; whether it says so is not documented. Off, it must come through Bedrock, which is.
    https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html"""

    def __post_init__(self) -> None:
        for name in ("uploaders", "break_glass"):
            given = getattr(self, name)
            if isinstance(given, str):  # ("x") is text, ("x",) is a tuple
                raise ConfigError(f"{name} = {given!r}: must be a tuple: add a comma")
            for principal in given or ():
                if not _PRINCIPAL.fullmatch(principal):
                    raise ConfigError(
                        f"{name}: {principal!r} must look like role/Name, user/Name or root, without "
                        "an account: principals of other accounts are always denied"
                    )
        size = _size(self.uploaders or ()) + _TIMES * _size(self.break_glass)
        if size > _MOST_NAMED:
            raise ConfigError(
                f"uploaders, break_glass: {size:,} characters of bucket policies; there is room for "
                f"{_MOST_NAMED:,}, in which break_glass counts {_TIMES} times: use `*`, or a path"
            )


def _size(names: Sequence[str]) -> int:
    return sum(len(name) + _ARN for name in names)


def principals(stack: cdk.Stack, names: Sequence[str]) -> list[str]:
    account = f"arn:{stack.partition}:iam::{stack.account}"  # once: each is a call into the CDK
    return [f"{account}:{name}" for name in names]
