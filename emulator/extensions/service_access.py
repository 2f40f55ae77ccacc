"""Whether a policy of a resource or a key lets a service of AWS in.

A service gets nothing from the statement that delegates to the account's root.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import kms

_Context = dict[str, Any]


def key_lets(key: str | None, service: str, source: _Context) -> bool:
    """The account's own aws/… keys let no other service in."""
    if not key:
        return True
    found = kms._resolve_key(key)
    if found is None:
        return False
    return all(
        allows(found["Policy"], service, action, found["Arn"], source)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def allows(policy: Any, service: str, action: str, resource: str, source: _Context) -> bool:
    """`source`: the condition keys that the service sends, in lower case."""
    document = json.loads(policy) if isinstance(policy, str) and policy else policy
    asked = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={
            **source,
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service,
        },
    )
    decided = iam_evaluator.evaluate_resource_policy(document, asked, service=service)
    return bool(decided.decision == "Allow")
