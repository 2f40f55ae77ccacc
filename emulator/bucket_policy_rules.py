"""What S3 refuses in a bucket policy, which IAM would take: MalformedPolicy, and the stack rolls back.

Each action must be one that exists and that a resource of its statement has; each of S3's own condition keys must
be known to the action. Of an action with a wildcard it is enough that one of those it stands for knows the key.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://github.com/humanmade/S3-Uploads/issues/239
https://github.com/wandb/terraform-aws-wandb/issues/156
That wildcards are taken so is inferred from AWS's own examples, such as `s3:*` with `s3:TlsVersion`.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

_OF_OBJECTS = """
AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
ReplicateTags RestoreObject UpdateObjectEncryption
""".lower().split()
_OF_BUCKETS = """
CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification
GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration
GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket
ListBucketMultipartUploads ListBucketVersions PauseReplication PutAccelerateConfiguration
PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
PutReplicationConfiguration
""".lower().split()
_LISTS = {"listbucket", "listbucketversions"}
_WRITES = {"putobject", "replicateobject", "bypassgovernanceretention"}
_KNOWN_TO = {
    **dict.fromkeys(("s3:prefix", "s3:delimiter", "s3:max-keys"), _LISTS),
    "s3:x-amz-server-side-encryption": _WRITES,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _WRITES,
    "s3:x-amz-server-side-encryption-customer-algorithm": _WRITES,
    "s3:if-none-match": {"getobject", "putobject"},
    "s3:if-match": {"getobject", "putobject"},
    "s3:objectcreationoperation": {"putobject"},
    "s3:x-amz-copy-source": {"putobject", "bypassgovernanceretention"},
    "s3:x-amz-metadata-directive": {"putobject", "bypassgovernanceretention"},
}
"""Keys that only some actions know; those of every request, such as s3:TlsVersion, are not here."""


def malformed(document: Mapping[str, Any], bucket: str) -> str | None:
    """The first reason to refuse the policy of the bucket with this ARN; None when there is none."""
    return next(
        (why for each in _listed(document.get("Statement")) for why in _reasons(each, bucket)), None
    )


def _reasons(statement: Mapping[str, Any], bucket: str) -> Iterator[str]:
    named = [*_listed(statement.get("Resource")), *_listed(statement.get("NotResource"))]
    if any(each not in (bucket, "*") and not each.startswith(f"{bucket}/") for each in named):
        yield "Policy has invalid resource"
    there = _actions_of(statement, bucket)
    keys = [key.lower() for keys in statement.get("Condition", {}).values() for key in keys]
    for action in _listed(statement.get("Action")):
        pattern = action.lower().removeprefix("s3:")
        if not any(fnmatchcase(each, pattern) for each in (*_OF_OBJECTS, *_OF_BUCKETS)):
            yield "Policy has invalid action"
        matched = {each for each in there if fnmatchcase(each, pattern)}
        if not matched:
            yield "Action does not apply to any resource(s) in statement"
        if any(not matched & _KNOWN_TO.get(key, matched) for key in keys):
            yield "Conditions do not apply to combination of actions and resources in statement"


def _actions_of(statement: Mapping[str, Any], bucket: str) -> set[str]:
    """All that can be done with the resources of the statement."""
    taken, left_out = _listed(statement.get("Resource")), _listed(statement.get("NotResource"))
    of_bucket = bucket not in left_out if left_out else bool({bucket, "*"} & set(taken))
    of_objects = f"{bucket}/*" not in left_out if left_out else taken != [bucket]
    return {*(_OF_BUCKETS if of_bucket else ()), *(_OF_OBJECTS if of_objects else ())}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
