"""What the caller of an operation must be allowed, resource by resource.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html, and for
the three kinds of resource of CreateModelCustomizationJob
https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock.ports import Scope

TAGGED = {"jobTags": "model-customization-job", "customModelTags": "custom-model"}


@dataclass(frozen=True, kw_only=True)
class Need:
    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)


def permissions_needed(operation: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """Where AWS has not made the id yet, the resource ends in `*`, as its own denials have it."""
    action = f"bedrock:{operation}"
    if operation in _CREATIONS:
        yield from _CREATIONS[operation](action, scope, request)
        return
    match operation:
        case "TagResource" | "UntagResource":
            yield Need(
                action=action,
                resource=_subject(operation, scope, request),
                context=_tags_named(request),
            )
        case "UpdateCustomModelDeployment":
            yield Need(action=action, resource=request["modelArn"])
            yield Need(action=action, resource=_subject(operation, scope, request))
        case "PutModelInvocationLoggingConfiguration":
            yield Need(action=action, resource="*")
            yield from _to_log(request["loggingConfig"])
        case _ if operation.startswith("List") and "resourceARN" not in request:
            yield Need(action=action, resource="*")
        case "GetFoundationModel":
            yield Need(action=action, resource=_model(scope, request["modelIdentifier"]))
        case _:
            yield Need(action=action, resource=_subject(operation, scope, request))


def _tags_named(request: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tag-keys"""
    tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
    asked: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return asked | {"aws:TagKeys": [*tags, *request.get("tagKeys", [])]}


def _tags_given(members: Mapping[str, str], request: dict[str, Any]) -> dict[str, str]:
    """As context of a creation. `members`: of the request, and the kind of resource that each is for."""
    return {
        f"aws:RequestTag/{tag['key']}": tag["value"]
        for name in members
        for tag in request.get(name, [])
    }


def _to_tag(members: Mapping[str, str], scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """UNCONFIRMED which resources TagResource is asked for, when they are created with tags."""
    tags = _tags_given(members, request)
    for member, kind in members.items():
        if request.get(member):
            yield Need(action="bedrock:TagResource", resource=scope.arn(f"{kind}/*"), context=tags)


def _to_create(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    tags = _tags_given(TAGGED, request)
    resources = (
        _model(scope, request["baseModelIdentifier"]),
        scope.arn("custom-model/*"),
        scope.arn("model-customization-job/*"),
    )
    for resource in resources:
        yield Need(action=action, resource=resource, context=tags)
    yield from _to_tag(TAGGED, scope, request)
    passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
    yield Need(action="iam:PassRole", resource=request["roleArn"], context=passed)
    yield from _to_encrypt(scope, request.get("customModelKmsKeyId", ""))


def _to_deploy(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    members = {"tags": "custom-model-deployment"}
    context = _tags_given(members, request)
    yield Need(action=action, resource=request["modelArn"], context=context)
    yield from _to_tag(members, scope, request)


def _to_log(setting: dict[str, Any]) -> Iterator[Need]:
    """UNCONFIRMED that the role must be one that the caller may pass."""
    if role := setting.get("cloudWatchConfig", {}).get("roleArn"):
        passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
        yield Need(action="iam:PassRole", resource=role, context=passed)


def _to_provision(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    members = {"tags": "provisioned-model"}
    context = _tags_given(members, request)
    yield Need(action=action, resource=_model(scope, request["modelId"]), context=context)
    yield from _to_tag(members, scope, request)


def _to_import(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """UNCONFIRMED which resources it is asked for, and TagResource: here jobs and models both, as of customization."""
    members = {"jobTags": "model-import-job", "importedModelTags": "imported-model"}
    tags = _tags_given(members, request)
    for kind in members.values():
        yield Need(action=action, resource=scope.arn(f"{kind}/*"), context=tags)
    yield from _to_tag(members, scope, request)
    passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
    yield Need(action="iam:PassRole", resource=request["roleArn"], context=passed)
    yield from _to_encrypt(scope, request.get("importedModelKmsKeyId", ""))


def _to_judge(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """AWS lists models for it, and no jobs; UNCONFIRMED that it asks about no job, nor a profile: here all are."""
    yield Need(action=action, resource=scope.arn("evaluation-job/*"))
    automated = request["evaluationConfig"].get("automated", {})
    for judge in automated.get("evaluatorModelConfig", {}).get("bedrockEvaluatorModels", []):
        name = judge["modelIdentifier"]
        if name.startswith("us."):
            yield Need(action=action, resource=scope.arn(f"inference-profile/{name}"))
        yield Need(action=action, resource=_model(scope, name.removeprefix("us.")))
    passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
    yield Need(action="iam:PassRole", resource=request["roleArn"], context=passed)


def _to_encrypt(scope: Scope, key: str) -> Iterator[Need]:
    """UNCONFIRMED that the caller's rights are used, and not the job role's: its page says "the role
    that customizes". https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
    Of a guardrail's creator: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
    """
    via = {"kms:ViaService": f"bedrock.{scope.region}.amazonaws.com"}
    for operation in ("DescribeKey", "GenerateDataKey", "Decrypt", "CreateGrant"):
        if ":key/" in key:
            granted = {"kms:GrantIsForAWSResource": "true"} if operation == "CreateGrant" else {}
            yield Need(action=f"kms:{operation}", resource=key, context=via | granted)


def _model(scope: Scope, identifier: str) -> str:
    if identifier.startswith("arn:"):
        return identifier
    return f"arn:aws:bedrock:{scope.region}::foundation-model/{identifier}"


def _subject(operation: str, scope: Scope, request: dict[str, Any]) -> str:
    imports = "Import" in operation
    for member, kind in (
        ("resourceARN", ""),
        ("jobIdentifier", "model-import-job" if imports else "model-customization-job"),
        ("modelIdentifier", "imported-model" if imports else "custom-model"),
        ("customModelDeploymentIdentifier", "custom-model-deployment"),
        ("provisionedModelId", "provisioned-model"),
        ("guardrailIdentifier", "guardrail"),
    ):
        if identifier := request.get(member):
            return (
                identifier if identifier.startswith("arn:") else scope.arn(f"{kind}/{identifier}")
            )
    return "*"


def _to_guard(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html"""
    members = {"tags": "guardrail"}
    yield Need(action=action, resource="*", context=_tags_given(members, request))
    yield from _to_tag(members, scope, request)
    yield from _to_encrypt(scope, request.get("kmsKeyId", ""))


_CREATIONS: Mapping[str, Callable[[str, Scope, dict[str, Any]], Iterator[Need]]] = {
    "CreateModelCustomizationJob": _to_create,
    "CreateCustomModelDeployment": _to_deploy,
    "CreateProvisionedModelThroughput": _to_provision,
    "CreateEvaluationJob": _to_judge,
    "CreateModelImportJob": _to_import,
    "CreateGuardrail": _to_guard,
}
