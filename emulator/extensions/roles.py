"""IAM: what a service role may do, decided by MiniStack's evaluator.

MiniStack evaluates policies for signed calls under AUTH=true only. A customization job must be
held to its role always, so the evaluator is asked directly.
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, iam

SERVICE = "bedrock.amazonaws.com"


class Roles:
    def may_be_assumed(self, role: str, source_arn: str) -> bool:
        found = _role(role)
        if found is None:
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
        decided = iam_evaluator.evaluate_resource_policy(whole, asked, service=SERVICE)
        return bool(decided.decision == "Allow")

    def allows(self, role: str, action: str, resource: str, context: dict[str, Any]) -> bool:
        name, account = role.rsplit("/", 1)[-1], get_account_id()
        service = action.partition(":")[0]
        asked = _question(role, action, resource, _located(context, service))
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
        return bool(decided.decision == "Allow")


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
    )


def _located(context: dict[str, Any], service: str) -> dict[str, Any]:
    """`aws:SourceVpce` and `aws:SourceVpc`, if the subnets' VPC has an endpoint for the service.

    MiniStack has no packets to route; a caller in a VPC without that endpoint has no keys, as on
    AWS. https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
    """
    plain = {key: value for key, value in context.items() if key != "emulator:subnets"}
    subnets = context.get("emulator:subnets") or []
    vpc = (ec2._subnets.get(subnets[0]) or {}).get("VpcId") if subnets else None
    for endpoint in ec2._vpc_endpoints.values():
        if endpoint["VpcId"] == vpc and endpoint["ServiceName"].rsplit(".", 1)[-1] == service:
            return plain | {"aws:SourceVpce": endpoint["VpcEndpointId"], "aws:SourceVpc": vpc}
    return plain
