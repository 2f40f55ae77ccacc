"""IAM: what a service role may do, decided by MiniStack's evaluator.

MiniStack evaluates policies for signed calls under AUTH=true only. A customization job must be
held to its role always, so the evaluator is asked directly.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from emulator.extensions.endpoint_policies import endpoint_context
from emulator.recording import Recording, Use

SERVICE = "bedrock.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class MiniStackRoles:
    record: Recording
    known: Callable[[str], bool]
    """Whether services know a role by now."""

    def may_be_assumed(self, role: str, source_arn: str, service: str = SERVICE) -> bool:
        found = _role(role)
        if found is None or not self.known(role):
            return False
        document = found["AssumeRolePolicyDocument"]
        policy = json.loads(document) if isinstance(document, str) else document
        statements = policy.get("Statement", [])
        statements = [statements] if isinstance(statements, dict) else statements
        # The evaluator wants a resource in each statement; a trust policy has none.
        whole = {"Statement": [{**each, "Resource": "*"} for each in statements]}
        account = get_account_id()
        asked = _question(
            role, "sts:AssumeRole", "*", {"aws:SourceAccount": account, "aws:SourceArn": source_arn}
        )
        decided = iam_evaluator.evaluate_resource_policy(whole, asked, service=service)
        return bool(decided.decision == "Allow")

    def allows(self, role: str, action: str, resource: str, context: dict[str, Any]) -> bool:
        name, account = role.rsplit("/", 1)[-1], get_account_id()
        service = action.partition(":")[0]
        asked = _question(role, action, resource, endpoint_context(context, service))
        limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
        decided = iam_evaluator.evaluate(
            asked, iam_evaluator._gather_role_policies(name, account), *limits
        )
        own = iam_evaluator._resource_policy(service, resource)
        if own is not None:
            required = service in iam_evaluator._POLICY_REQUIRED
            decided = iam_evaluator.combine_resource_policy(
                decided, asked, *own, required=required, limits=limits
            )
        allowed = bool(decided.decision == "Allow")
        via = str(context.get("kms:ViaService", ""))
        self.record.add(
            Use(principal=role, action=action, resource=resource, allowed=allowed, via=via)
        )
        return allowed


def _role(arn: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = iam._roles.get(arn.rsplit("/", 1)[-1])
    return found if found is not None and found["Arn"] == arn else None


def _question(role: str, action: str, resource: str, context: dict[str, Any]) -> Any:
    account = get_account_id()
    name = role.rsplit("/", 1)[-1]
    return iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/bedrock-model-customization",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={key.lower(): value for key, value in context.items()},
        principal_keys={
            f"aws:principaltag/{tag['Key'].lower()}": tag["Value"]
            for tag in (iam._roles.get(name) or {}).get("Tags") or []
        },
    )
