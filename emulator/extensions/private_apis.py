"""Private REST APIs: reached through an endpoint of execute-api and in no other way, by nobody without a resource policy.

MiniStack answers for every API on its own address, and lets the account's root do everything. Whose method takes IAM,
its signature and the policies of identity and resource are MiniStack's, and what the endpoint's policy says is
`endpoint_policies`.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway_v1

INVOKE = "execute-api:Invoke"
NO_POLICY = "Private REST API doesn't have a resource policy attached to it"
"""As developers report it: https://github.com/hashicorp/terraform-provider-aws/issues/5549"""


def install() -> None:
    deploy = apigateway_v1._create_deployment

    def deploy_if_it_has_a_policy(api_id: str, data: dict[str, Any]) -> Any:
        api = apigateway_v1._rest_apis.get(api_id)
        if api and _is_private(api) and not api.get("policy"):
            return apigateway_v1._v1_error("BadRequestException", NO_POLICY, 400)
        return deploy(api_id, data)

    apigateway_v1._create_deployment = deploy_if_it_has_a_policy


def through(action: str, service: str) -> str:
    """The service of whose endpoint a call is: who invokes an API does not speak to API Gateway's own."""
    return "execute-api" if action == INVOKE else service


def why_not(access_key: str, action: str, resource: str, context: dict[str, Any]) -> str | None:
    """What holds for everybody who calls a private API, the account's root too. None where nothing does."""
    if action != INVOKE:
        return None
    api = _api_of(resource)
    if api is None or not _is_private(api):
        return None
    if "aws:SourceVpce" not in context:
        return (
            "The emulator: a private API is reached from a VPC with an endpoint of execute-api; in AWS its name has no "
            "address elsewhere, and API Gateway answers Forbidden"
        )
    if _denies(access_key, resource, context):
        return f"User is not authorized to perform: {INVOKE} on resource: {resource} with an explicit deny"
    return None


def _denies(access_key: str, resource: str, context: dict[str, Any]) -> bool:
    """A resource's Deny holds for the root of its account, too.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    principal = iam_evaluator.resolve_principal(access_key, get_account_id())
    if isinstance(principal, iam_evaluator.AuthError):
        return False  # it was refused for that
    asked = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=INVOKE,
        resource_arn=resource,
        region=get_region(),
        principal_keys=principal.keys,
        service_context={key.lower(): value for key, value in context.items()},
    )
    policy, _owner = apigateway_v1.rest_api_policy_for_arn(resource) or ("", "")
    return bool(policy and iam_evaluator.evaluate_resource_policy(policy, asked).decision == "Deny")


def _api_of(resource: str) -> dict[str, Any] | None:
    parts = resource.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004 — of an ARN
        return None
    found: dict[str, Any] | None = apigateway_v1._rest_apis.get(parts[5].partition("/")[0])
    return found


def _is_private(api: dict[str, Any]) -> bool:
    said = api.get("endpointConfiguration") or {}
    said = json.loads(said) if isinstance(said, str) else said
    return "PRIVATE" in (said.get("types") or said.get("Types") or [])
