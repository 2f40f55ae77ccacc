"""What bucket policies take away from everybody, whatever IAM gives them.

Only Deny statements: with them, a right that someone is given later still ends at the perimeter.
What goes for the VPC names objects and their listing alone. A Deny of `s3:*` on the bucket itself
would lock out CloudFormation, the console and log delivery, which never come through a VPC; only
the root user could take it back. https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from stacks.perimeter import Perimeter, principals
from stacks.policies import Statement

PART = "tuning:part"
"""Tag of the roles that bucket policies speak of. Storage cannot name roles of Training, which
refers to it; a tag of the role is in every request that it makes.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag
"""
JOB = "job"
PREPARATION = "preparation"

_NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}
_SSE = "s3:x-amz-server-side-encryption"

Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What uploaders may do from where they are, and on which objects."""

    actions: Sequence[str]
    prefix: str
    listed: bool
    """Whether they see the names of what is in the bucket."""


UPLOADS = Opening(
    actions=("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"),
    prefix="datasets/*",
    listed=True,
)
REPORTS = Opening(actions=("s3:GetObject",), prefix="runs/*", listed=False)


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """The perimeter, as a bucket policy says it."""

    perimeter: Perimeter
    vpc: ec2.IVpc

    def statements(self, bucket: s3.IBucket, opening: Opening | None) -> list[Statement]:
        """Data passes through the VPC, but for the opening and those who break the glass."""
        if not self.perimeter.vpc_only:
            return []
        open_objects = [bucket.arn_for_objects(opening.prefix)] if opening else []
        closed = {"NotResource": [bucket.bucket_arn, *open_objects]}
        strict, lenient = self._outside(()), self._outside(self.perimeter.uploaders or ())
        denied = [_deny("DenyOutsideVpc", strict, Action="s3:*", **closed)]
        lists = {"Action": "s3:ListBucket*", "Resource": bucket.bucket_arn}
        if opening is None or not opening.listed:
            denied.append(_deny("DenyListingOutsideVpc", strict, **lists))
        if opening is None:
            return denied
        under = {"Resource": open_objects}
        denied.append(
            _deny("DenyOtherUseOutsideVpc", strict, NotAction=list(opening.actions), **under)
        )
        if self.perimeter.uploaders is not None:
            denied.append(_deny("DenyStrangers", lenient, Action=list(opening.actions), **under))
            if opening.listed:
                denied.append(_deny("DenyListingByStrangers", lenient, **lists))
        return denied

    def _outside(self, others: Sequence[str]) -> Condition:
        """A request from outside carries no aws:SourceVpc, and a negated operator holds then.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        """
        condition: dict[str, dict[str, Any]] = {
            "StringNotEquals": {"aws:SourceVpc": self.vpc.vpc_id}
        }
        if self.perimeter.job_outside:
            condition["StringNotEquals"][f"aws:PrincipalTag/{PART}"] = JOB
        if exempt := [*others, *self.perimeter.break_glass]:
            condition["ArnNotLike"] = {"aws:PrincipalArn": principals(self.vpc.stack, exempt)}
        return condition


def for_everybody(bucket: s3.IBucket, *, services: bool = False) -> list[Statement]:
    """TLS 1.2, and principals of this account. `services`: log delivery is no account's principal."""
    whole = {"Action": "s3:*", "Resource": [bucket.bucket_arn, bucket.arn_for_objects("*")]}
    foreign: dict[str, dict[str, Any]] = {
        "StringNotEquals": {"aws:PrincipalAccount": bucket.stack.account}
    }
    if services:
        foreign["BoolIfExists"] = _NO_SERVICE
    return [
        _deny("DenyPlainText", {"Bool": {"aws:SecureTransport": "false"}}, **whole),
        _deny("DenyOldTls", {"NumericLessThan": {"s3:TlsVersion": 1.2}}, **whole),
        _deny("DenyForeignAccounts", foreign, **whole),
    ]


def our_key_only(bucket: s3.IBucket, key: kms.IKey) -> list[Statement]:
    """What is written without a word about encryption gets the bucket's key. What says `aws:kms`
    and names no key would get AWS's own, not the bucket's; so whoever says anything must name ours.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

    UNCONFIRMED: that Bedrock's output says nothing, or names the bucket's key.
    """
    objects = {"Resource": bucket.arn_for_objects("*")}
    other = {"Null": {_SSE: "false"}, "StringNotEquals": {f"{_SSE}-aws-kms-key-id": key.key_arn}}
    customer = {"Null": {f"{_SSE}-customer-algorithm": "false"}}
    return [
        _deny("DenyOtherKeys", other, Action="s3:PutObject", **objects),
        _deny("DenyCustomerKeys", customer, Action="s3:PutObject", **objects),
        _deny("DenyEncryptingAnew", None, Action="s3:UpdateObjectEncryption", **objects),
    ]


def write_once(bucket: s3.IBucket) -> list[Statement]:
    """What was checked is what is trained: one role writes here, never twice, and nobody deletes.

    Parts of a multipart upload carry no such header and are denied too; copies are written whole.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    objects = {"Resource": bucket.arn_for_objects("*")}
    again = {"Null": {"s3:if-none-match": "true"}}
    others = {"StringNotEquals": {f"aws:PrincipalTag/{PART}": PREPARATION}}
    return [
        _deny("DenyOverwriting", again, Action="s3:PutObject", **objects),
        _deny("DenyOtherWriters", others, Action=["s3:PutObject*", "s3:Replicate*"], **objects),
        _deny("DenyDeleting", None, Action="s3:DeleteObject*", **objects),
    ]


def written_by_s3_only(bucket: s3.IBucket) -> list[Statement]:
    """Access logs: nobody makes them up, nobody takes them away before their time."""
    changes = ["s3:DeleteObject*", "s3:PutObject*"]
    objects = {"Resource": bucket.arn_for_objects("*")}
    return [_deny("DenyTampering", {"BoolIfExists": _NO_SERVICE}, Action=changes, **objects)]


def _deny(sid: str, condition: Condition | None, **rest: Any) -> Statement:
    statement = {"Sid": sid, "Effect": "Deny", "Principal": {"AWS": "*"}, **rest}
    return {**statement, "Condition": condition} if condition else statement
