"""What bucket policies take away from everybody, whatever IAM gives them.

Only Deny statements: with them, a right that someone is given later still ends at the perimeter.
What goes for the VPC names objects and their listing alone. A Deny of `s3:*` on the bucket itself
would lock out CloudFormation, the console and log delivery, which never come through a VPC; only
the root user could take it back. https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from tuning.constructs.perimeter import Perimeter, principals
from tuning.constructs.policies import Statement

PART = "tuning:part"
"""Tag of the roles that bucket policies speak of. Storage cannot name roles of Training, which
refers to it; a tag of the role is in every request that it makes.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag
"""
JOB = "job"
PREPARATION = "preparation"
EVALUATION_PART = "evaluation"
"""The endpoint of models speaks of it."""
VERIFICATION_PART = "verification"
"""The endpoint of models speaks of it where there is a guardrail."""
ASSISTANT_PART = "assistant"
"""The endpoint of models speaks of it where an assistant's model is a base model."""
DELETION_PART = "deletion"
"""The endpoint of jobs speaks of it."""
JUDGE_PART = "judge"
"""The role of evaluation jobs, which Bedrock runs outside of any VPC: the API knows no vpcConfig of them.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html"""
IMPORT_JOB_PART = "import-job"
"""The role of import jobs."""
IMPORTING_PART = "importing"
"""The endpoint of jobs speaks of it: the one role that starts import jobs."""
KNOWLEDGE_PART = "knowledge"
"""The roles of knowledge bases, which Bedrock uses outside of any VPC: the API knows no vpcConfig of them.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreateKnowledgeBase.html"""
MERGING_PART = "merging"
"""The roles that write merged models."""
JUDGE_OBJECTS = "judge/*"
"""All that it may come to from there: what a judge is given, and what it writes."""

_NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}
_SSE = "s3:x-amz-server-side-encryption"

_Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class PolicyOpening:
    """What uploaders may do from where they are, and on which objects."""

    actions: Sequence[str]
    objects: Sequence[str]
    """Their keys begin so."""
    listed: bool
    """Whether they see the names of what is in the bucket."""


UPLOADS = PolicyOpening(
    actions=("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"),
    objects=("datasets/*",),
    listed=True,
)
UPLOADS_AND_ADAPTERS = replace(UPLOADS, objects=("datasets/*", "adapters/*"))
"""Where an environment imports models."""
DOCUMENT_UPLOADS = replace(
    UPLOADS, actions=(*UPLOADS.actions, "s3:DeleteObject"), objects=("documents/*",)
)
"""What is deleted there is to go from answers, so that those who upload may delete."""
WEIGHTS = replace(UPLOADS, objects=("bases/*", "models/*"))
REPORTS = PolicyOpening(actions=("s3:GetObject",), objects=("runs/*",), listed=False)


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """The perimeter, as a bucket policy says it."""

    perimeter: Perimeter
    vpc: ec2.IVpc
    job_part: str = JOB
    """Of the role whose jobs read here."""
    job_elsewhere: bool = False
    """Whether they read from outside of the VPC always, for the service has no way into it."""

    def statements(
        self,
        bucket: s3.IBucket,
        opening: PolicyOpening | None,
        *,
        for_jobs: bool,
        judged: bool = False,
    ) -> list[Statement]:
        """Data passes through the VPC, but for the opening and those who break the glass; `judged`: and but for
        what a judge is given and writes.
        """
        perimeter = self.perimeter
        if not perimeter.vpc_only:
            return []
        open_objects = [bucket.arn_for_objects(each) for each in opening.objects] if opening else []
        elsewhere = {"NotResource": [bucket.bucket_arn, *open_objects]}
        jobs_outside = self.job_elsewhere or perimeter.job_outside
        outside = self._outside(job=for_jobs and jobs_outside, judge=judged)
        denied = [_deny("DenyOutsideVpc", outside, Action="s3:*", **elsewhere)]
        lists = "s3:ListBucket*"
        if opening is None or not opening.listed:
            denied.append(_deny("DenyListingOutsideVpc", outside, Action=lists, **_whole(bucket)))
        if judged:
            denied += _judge_elsewhere(bucket)
        if opening is None:
            return denied
        others = {"NotAction": list(opening.actions), "Resource": open_objects}
        denied.append(
            _deny("DenyOtherUseOutsideVpc", self._outside(job=self.job_elsewhere), **others)
        )
        if perimeter.uploaders is not None:
            strangers = self._outside(*perimeter.uploaders, job=self.job_elsewhere)
            theirs = [*opening.actions, lists] if opening.listed else "s3:*"
            where = _whole(bucket) if opening.listed else {"Resource": open_objects}
            denied.append(_deny("DenyStrangers", strangers, Action=theirs, **where))
        return denied

    def _outside(self, *others: str, job: bool = False, judge: bool = False) -> _Condition:
        """A request from outside carries no aws:SourceVpc, and a negated operator holds then.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        """
        condition: dict[str, dict[str, Any]] = {
            "StringNotEquals": {"aws:SourceVpc": self.vpc.vpc_id}
        }
        if parts := [*([self.job_part] if job else []), *([JUDGE_PART] if judge else [])]:
            named = parts if len(parts) > 1 else parts[0]
            condition["StringNotEquals"][f"aws:PrincipalTag/{PART}"] = named
        if exempt := [*others, *self.perimeter.break_glass]:
            condition["ArnNotLike"] = {"aws:PrincipalArn": principals(self.vpc.stack, exempt)}
        return condition


def _judge_elsewhere(bucket: s3.IBucket) -> list[Statement]:
    """What is opened to a judge is its own prefix: neither other objects nor, where it names one, another prefix of
    their listing. HeadBucket is the same right as the listing and names none.
    """
    judge = {f"aws:PrincipalTag/{PART}": JUDGE_PART}
    others = {"NotResource": [bucket.bucket_arn, bucket.arn_for_objects(JUDGE_OBJECTS)]}
    listed = {
        "StringEquals": judge,
        "Null": {"s3:prefix": "false"},
        "StringNotLike": {"s3:prefix": JUDGE_OBJECTS},
    }
    return [
        _deny("DenyJudgeElsewhere", {"StringEquals": judge}, Action="s3:*", **others),
        _deny(
            "DenyJudgeListingElsewhere",
            listed,
            Action=["s3:ListBucket", "s3:ListBucketVersions"],
            Resource=[bucket.bucket_arn],
        ),
    ]


def for_everybody(bucket: s3.IBucket, *, services: bool = False) -> list[Statement]:
    """TLS 1.2, principals of this account, and the bucket's own name: through an access point, whose
    alias may be used wherever a bucket's name may, the guard would not know the bucket.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    `services`: log delivery is not an account's principal.
    """
    whole = {"Action": "s3:*", **_whole(bucket)}
    foreign: dict[str, dict[str, Any]] = {
        "StringNotEquals": {"aws:PrincipalAccount": bucket.stack.account}
    }
    if services:
        foreign["BoolIfExists"] = _NO_SERVICE
    return [
        _deny("DenyPlainText", {"Bool": {"aws:SecureTransport": "false"}}, **whole),
        _deny("DenyOldTls", {"NumericLessThan": {"s3:TlsVersion": 1.2}}, **whole),
        _deny("DenyForeignAccounts", foreign, **whole),
        _deny("DenyAccessPoints", {"Null": {"s3:DataAccessPointArn": "false"}}, **whole),
    ]


def our_key_only(bucket: s3.IBucket, key: kms.IKey) -> list[Statement]:
    """What is written without a word about encryption gets the bucket's key. What says `aws:kms`
    and names no key would get AWS's own, not the bucket's; so anyone who says anything must name ours.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

    Bedrock's output is "encrypted with the encryption configurations of the S3 bucket": it says nothing.
    https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html#encryption-custom-job-data

    Of the actions that write, which alone know these keys; S3 refuses a condition that an action does not know.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html

    What is stored keeps its key: nobody gives it another one in place.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/update-sse-encryption.html
    """
    writes = {"Action": ["s3:PutObject", "s3:ReplicateObject"], **_whole(bucket)}
    other = {"Null": {_SSE: "false"}, "StringNotEquals": {f"{_SSE}-aws-kms-key-id": key.key_arn}}
    customer = {"Null": {f"{_SSE}-customer-algorithm": "false"}}
    return [
        _deny("DenyOtherKeys", other, **writes),
        _deny("DenyCustomerKeys", customer, **writes),
        _deny("DenyRekeying", None, Action="s3:UpdateObjectEncryption", **_whole(bucket)),
    ]


def write_once(bucket: s3.IBucket) -> list[Statement]:
    """What was checked is what is trained: one role writes here, never twice, and nobody deletes.

    Parts of a multipart upload carry no such header and are denied too; copies are written whole.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    whole = _whole(bucket)
    again = {"Null": {"s3:if-none-match": "true"}}
    others = {"StringNotEquals": {f"aws:PrincipalTag/{PART}": PREPARATION}}
    return [
        _deny("DenyOverwriting", again, Action="s3:PutObject", **whole),
        _deny("DenyOtherWriters", others, Action=["s3:PutObject*", "s3:Replicate*"], **whole),
        _deny("DenyDeleting", None, Action="s3:DeleteObject*", **whole),
    ]


def merged_by_our_functions_only(bucket: s3.IBucket) -> list[Statement]:
    """What Bedrock imports is what was checked and merged: nobody puts anything else there.

    UNCONFIRMED that nothing is changed between the last check and the import job, which takes a URI without versions:
    the three roles that write here could. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_S3DataSource.html
    """
    others = {"StringNotEquals": {f"aws:PrincipalTag/{PART}": MERGING_PART}}
    objects = [bucket.arn_for_objects("merged/*")]
    changes = ["s3:PutObject*", "s3:Replicate*"]
    return [_deny("DenyOtherWriters", others, Action=changes, Resource=objects)]


def written_by_s3_only(bucket: s3.IBucket) -> list[Statement]:
    """Access logs: nobody makes them up, nobody takes them away before their time."""
    changes = ["s3:DeleteObject*", "s3:PutObject*"]
    condition = {"BoolIfExists": _NO_SERVICE}
    return [_deny("DenyTampering", condition, Action=changes, **_whole(bucket))]


def _whole(bucket: s3.IBucket) -> Mapping[str, list[str]]:
    """Bucket and objects: each action knows which of the two it is about."""
    return {"Resource": [bucket.bucket_arn, bucket.arn_for_objects("*")]}


def _deny(sid: str, condition: _Condition | None, **rest: Any) -> Statement:
    statement = {"Sid": sid, "Effect": "Deny", "Principal": {"AWS": "*"}, **rest}
    return {**statement, "Condition": condition} if condition else statement
