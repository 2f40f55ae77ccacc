"""Policies that are too long are refused; white space does not count for IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import iam, s3

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

MANAGED, TRUST, INLINE = 6_144, 2_048, 10_240
BUCKET = 20_480
SizeCheck = Callable[[Any], str | None]


def install() -> None:
    for action, member, check in (
        ("CreatePolicy", "PolicyDocument", managed),
        ("CreatePolicyVersion", "PolicyDocument", managed),
        ("PutRolePolicy", "PolicyDocument", inline),
        ("CreateRole", "AssumeRolePolicyDocument", _trust),
        ("UpdateAssumeRolePolicy", "PolicyDocument", _trust),
    ):
        patch(iam._IAM_HANDLERS, action, _handle_if_short, member, check)
    patch(s3, "_put_bucket_policy", _put_if_short)
    provisioning.before("AWS::IAM::ManagedPolicy", _of("PolicyDocument", managed))
    provisioning.before("AWS::IAM::Policy", _of("PolicyDocument", inline))
    provisioning.before("AWS::IAM::Role", _of("AssumeRolePolicyDocument", _trust))
    provisioning.before("AWS::S3::BucketPolicy", _of("PolicyDocument", bucket))


def managed(document: Any) -> str | None:
    return _over(document, MANAGED, f"Cannot exceed quota for PolicySize: {MANAGED}")


def _trust(document: Any) -> str | None:
    return _over(document, TRUST, f"Cannot exceed quota for ACLSizePerRole: {TRUST}")


def inline(document: Any) -> str | None:
    """Of all inline policies of a role together; each alone is held to it here."""
    return _over(document, INLINE, f"Maximum policy size of {INLINE} bytes exceeded for the role")


def bucket(document: Any) -> str | None:
    why = f"Normalized policy document exceeds the maximum allowed size of {BUCKET} bytes."
    return _over(document, BUCKET, why)


def _over(document: Any, most: int, why: str) -> str | None:
    try:
        content = json.loads(document) if isinstance(document, str | bytes) else document
    except ValueError:
        return None  # MiniStack refuses it
    size = len(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())
    return why if size > most else None


def _of(member: str, check: SizeCheck) -> Callable[[provisioning.Properties], None]:
    def check_template(properties: provisioning.Properties) -> None:
        if why := check(properties.get(member)):
            raise ValueError(why)

    return check_template


def _handle_if_short(
    handle: Callable[..., Response], member: str, check: SizeCheck, asked: dict[str, Any]
) -> Response:
    if why := check(iam._p(asked, member)):
        refused: Response = iam._error(409, "LimitExceeded", why)
        return refused
    return handle(asked)


def _put_if_short(put: Theirs[Response], name: str, body: bytes) -> Response:
    if why := bucket(body):
        refused: Response = s3._error("PolicyTooLarge", why, 400, name)
        return refused
    return put(name, body)
