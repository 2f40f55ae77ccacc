"""KMS: a key policy that would lock out anyone who sets it is refused.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import kms

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."


def install() -> None:
    patch(kms, "_create_key", _change_unless_locked_out)
    patch(kms, "_put_key_policy", _change_unless_locked_out)
    provisioning.before("AWS::KMS::Key", _check)


def _check(properties: provisioning.Properties) -> None:
    """Of a template. Raises ValueError."""
    bypass = provisioning.flag(properties.get("BypassPolicyLockoutSafetyCheck"))
    if not bypass and _locks_out(properties.get("KeyPolicy")):
        raise ValueError(LOCKED_OUT)


def _change_unless_locked_out(change: Theirs[Response], data: dict[str, Any]) -> Response:
    if not data.get("BypassPolicyLockoutSafetyCheck") and _locks_out(data.get("Policy")):
        refused: Response = error_response_json("MalformedPolicyDocumentException", LOCKED_OUT, 400)
        return refused
    return change(data)


def _locks_out(policy: Any) -> bool:
    """Asked for the caller, who is of this account: what the account may, its policies may give."""
    if not policy:
        return False  # KMS gives the account everything
    document = json.loads(policy) if isinstance(policy, str) else policy
    account = get_account_id()
    asked = iam_evaluator.EvalContext(
        principal_arn=iam_evaluator.caller_arn(),
        principal_type="Root",
        principal_account=account,
        action="kms:PutKeyPolicy",
        resource_arn=f"arn:aws:kms:{get_region()}:{account}:key/new",
        region=get_region(),
    )
    decided = iam_evaluator.evaluate_resource_policy(document, asked)
    return bool(decided.decision != "Allow")
