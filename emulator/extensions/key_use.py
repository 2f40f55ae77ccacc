"""Which KMS permissions a call takes beside its own: services use the caller's, and MiniStack none.

S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
S3, of what is uploaded in parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, s3, sns, sqs

from emulator.extensions.buckets import KEY_HEADER

UPLOAD, PART = "emulator:upload", "emulator:part"
"""Not AWS's: of which upload a request is, and whether it is a part or its completion."""
READS = frozenset({"s3:GetObject", "s3:GetObjectVersion"})
SENDS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class KeyNeed:
    action: str
    key: str


def keys_needed(action: str, resource: str, context: dict[str, Any]) -> Iterator[KeyNeed]:
    """Those of a call that is allowed otherwise."""
    actions, key = _wanted(action, resource, context)
    if key and ":key/" in key:  # the account's own aws/… keys are for everyone in it
        for each in actions:
            yield KeyNeed(action=each, key=key)


def of_upload(upload: str, *, part: bool) -> dict[str, Any]:
    """Condition keys of a part, or of the completion, of what is uploaded in parts."""
    kept = s3._multipart_uploads.get(upload) or {}
    named = kept.get("preserved_headers", {}).get(KEY_HEADER) if kept.get("requested_sse") else None
    return {UPLOAD: upload, PART: part} | ({f"s3:{KEY_HEADER}": named} if named else {})


def _wanted(
    action: str, resource: str, context: dict[str, Any]
) -> tuple[tuple[str, ...], str | None]:
    match action:
        case "s3:PutObject":
            return _to_write(resource, context)
        case _ if action in READS:
            return ("kms:Decrypt",), object_key(*_bucket(resource))
        case "sqs:ReceiveMessage" | "sqs:SendMessage":
            attributes = (sqs._queue_by_arn(resource) or {}).get("attributes", {})
            only = SENDS[:1] if action == "sqs:ReceiveMessage" else SENDS
            return only, _arn(attributes.get("KmsMasterKeyId"))
        case "sns:Publish":
            attributes = (sns._topics.get(resource) or {}).get("attributes", {})
            return SENDS, _arn(attributes.get("KmsMasterKeyId"))
        case _ if action.startswith("dynamodb:") and ":table/" in resource:
            name = resource.partition(":table/")[2].partition("/")[0]
            table = dynamodb._tables.get(name) or {}
            # Which of the five that its page lists a request takes is not documented, this apart.
            return SENDS[:1], (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
        case _:
            return (), None


def _to_write(resource: str, context: dict[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """To complete an upload, only what has been written is read: INFERRED."""
    if UPLOAD in context:
        upload = s3._multipart_uploads.get(context[UPLOAD]) or {}
        held: str | None = upload.get("preserved_headers", {}).get(KEY_HEADER)
        return SENDS if context[PART] else SENDS[:1], held
    default = s3._bucket_default_sse_headers(_bucket(resource)[0])
    return SENDS[1:], context.get(f"s3:{KEY_HEADER}") or default.get(KEY_HEADER)


def object_key(bucket: str, key: str) -> str | None:
    stored = ((s3._buckets.get(bucket) or {}).get("objects") or {}).get(key) or {}
    found: str | None = stored.get("preserved_headers", {}).get(KEY_HEADER)
    return found


def _bucket(resource: str) -> tuple[str, str]:
    bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
    return bucket, key


def _arn(key: str | None) -> str | None:
    """Queues and topics name their key by id, alias or ARN."""
    if not key or key.startswith(("arn:", "alias/")):
        return key
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{key}"
