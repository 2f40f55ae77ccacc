"""S3: bucket properties that MiniStack's CloudFormation drops, and encrypted uploads.

Its S3 API knows each of these configurations; only the provisioner does not pass them on. The
tags matter beyond looks: CDK's custom resources read them (`NoSuchTagSet`).
"""

from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import REFUSED, flag

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


def install() -> None:
    provisioners._S3_BUCKET_CONFIGURATIONS += tuple(
        (name, render, _accepted(put), forget)
        for name, render, put, forget in (
            (
                "BucketEncryption",
                _encryption,
                s3._put_bucket_encryption,
                _forget("_bucket_encryption"),
            ),
            ("Tags", _tags, s3._put_bucket_tagging, _forget("_bucket_tags")),
            ("OwnershipControls", _ownership, s3._put_bucket_ownership_controls, _keep),
            (
                "LifecycleConfiguration",
                _lifecycle,
                s3._put_bucket_lifecycle,
                _forget("_bucket_lifecycle"),
            ),
            (
                "LoggingConfiguration",
                _logging,
                s3._put_bucket_logging,
                _forget("_bucket_logging_config"),
            ),
            ("ObjectLockConfiguration", _lock, s3._put_object_lock_configuration, _keep),
        )
    )
    provisioning.after("AWS::S3::Bucket", _enable_lock)
    patch(s3, "_resolve_sse_write_headers", _resolve_with_key)


def _resolve_with_key(resolve: Theirs[Any], headers: dict[str, str], bucket: str) -> Any:
    """An upload that asks for aws:kms and names no key takes the bucket's or the account's one.

    CDK publishes its assets so; MiniStack answers such an upload with an error.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    if headers.get("x-amz-server-side-encryption") == "aws:kms" and not headers.get(KEY_HEADER):
        key = s3._bucket_default_sse_headers(bucket).get(KEY_HEADER)
        key = key or f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
        headers = {**headers, KEY_HEADER: key}
    return resolve(headers, bucket)


def _accepted(put: Callable[[str, bytes], tuple[int, Any, bytes]]) -> Callable[[str, bytes], None]:
    """A configuration that S3 refuses fails the stack; MiniStack looks at no answer."""

    def put_or_fail(bucket: str, document: bytes) -> None:
        status, _, answer = put(bucket, document)
        if status >= REFUSED:
            raise ValueError(f"{bucket}: {answer.decode()}")

    return put_or_fail


def _forget(store: str) -> Callable[[str], None]:
    configurations = getattr(s3, store)
    return lambda bucket: configurations.pop(bucket, None)


def _keep(_bucket: str) -> None:
    """A bucket always has an ownership; object lock is never taken off."""


def _enable_lock(bucket: str, properties: dict[str, Any]) -> None:
    if flag(properties.get("ObjectLockEnabled")) and bucket not in s3._bucket_object_lock:
        s3._bucket_object_lock[bucket] = {"enabled": True, "default_retention": None}


def _encryption(configuration: dict[str, Any]) -> bytes:
    def rule(given: dict[str, Any]) -> dict[str, Any]:
        default = given.get("ServerSideEncryptionByDefault") or {}
        shown = {
            "ApplyServerSideEncryptionByDefault": _only(default, ("SSEAlgorithm", "KMSMasterKeyID"))
        }
        return shown | _only(given, ("BucketKeyEnabled",))

    rules = configuration["ServerSideEncryptionConfiguration"]
    return _document("ServerSideEncryptionConfiguration", {"Rule": [rule(each) for each in rules]})


def _tags(tags: list[dict[str, str]]) -> bytes:
    return _document("Tagging", {"TagSet": {"Tag": tags}})


def _ownership(controls: dict[str, Any]) -> bytes:
    return _document("OwnershipControls", {"Rule": controls["Rules"]})


def _logging(configuration: dict[str, Any]) -> bytes:
    target = (
        {
            "TargetBucket": configuration["DestinationBucketName"],
            "TargetPrefix": configuration.get("LogFilePrefix", ""),
        }
        if configuration.get("DestinationBucketName")
        else {}
    )
    return _document("BucketLoggingStatus", {"LoggingEnabled": target} if target else {})


def _lock(configuration: dict[str, Any]) -> bytes:
    rule = _only(configuration, ("Rule",))
    return _document("ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled", **rule})


def _lifecycle(configuration: dict[str, Any]) -> bytes:
    rules = [_lifecycle_rule(rule) for rule in configuration["Rules"]]
    return _document("LifecycleConfiguration", {"Rule": rules})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ID": rule.get("Id") or new_uuid(),
        "Filter": _lifecycle_filter(rule),
        "Status": rule["Status"],
    }
    expiration = {
        "Days": rule.get("ExpirationInDays"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    if kept := {name: value for name, value in expiration.items() if value is not None}:
        shown["Expiration"] = kept
    if "Transitions" in rule:
        shown["Transition"] = [
            {"Days": each["TransitionInDays"], "StorageClass": each["StorageClass"]}
            for each in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        shown["NoncurrentVersionTransition"] = [
            {"NoncurrentDays": each["TransitionInDays"], "StorageClass": each["StorageClass"]}
            for each in rule["NoncurrentVersionTransitions"]
        ]
    return shown | _only(rule, ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"))


def _lifecycle_filter(rule: dict[str, Any]) -> dict[str, Any]:
    prefix = {"Prefix": rule["Prefix"]} if rule.get("Prefix") else {}
    tags = rule.get("TagFilters") or []
    if len(tags) + len(prefix) > 1:
        return {"And": {**prefix, "Tag": tags}}
    return {"Tag": tags[0]} if tags else {"Prefix": rule.get("Prefix", "")}


def _only(mapping: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: mapping[name] for name in names if mapping.get(name) is not None}


def _document(root: str, content: dict[str, Any]) -> bytes:
    return f"<{root} {NAMESPACE}>{_elements(content)}</{root}>".encode()


def _elements(content: dict[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in content.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{_elements(value)}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"
