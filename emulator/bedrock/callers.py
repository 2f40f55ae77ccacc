"""What the caller of an operation must be allowed, resource by resource.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html, and for
the three kinds of resource of CreateModelCustomizationJob
https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
"""

from collections.abc import Iterator
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
    match operation:
        case "CreateModelCustomizationJob":
            yield from _to_create(action, scope, request)
        case "CreateCustomModelDeployment":
            yield from _to_deploy(action, scope, request)
        case "CreateProvisionedModelThroughput":
            yield from _to_provision(action, scope, request)
        case "CreateEvaluationJob":
            yield from _to_judge(action, scope, request)
        case "UpdateCustomModelDeployment":
            yield Need(action=action, resource=request["modelArn"])
            yield Need(action=action, resource=_subject(scope, request))
        case "PutModelInvocationLoggingConfiguration":
            yield Need(action=action, resource="*")
            yield from _to_log(request["loggingConfig"])
        case _ if operation.startswith("List") and "resourceARN" not in request:
            yield Need(action=action, resource="*")
        case "GetFoundationModel":
            yield Need(action=action, resource=_model(scope, request["modelIdentifier"]))
        case _:
            yield Need(action=action, resource=_subject(scope, request))


def _to_create(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    tags = {
        f"aws:RequestTag/{tag['key']}": tag["value"]
        for name in TAGGED
        for tag in request.get(name, [])
    }
    resources = (
        _model(scope, request["baseModelIdentifier"]),
        scope.arn("custom-model/*"),
        scope.arn("model-customization-job/*"),
    )
    for resource in resources:
        yield Need(action=action, resource=resource, context=tags)
    # UNCONFIRMED which resources TagResource is asked for.
    for member, kind in TAGGED.items():
        if request.get(member):
            yield Need(action="bedrock:TagResource", resource=scope.arn(f"{kind}/*"), context=tags)
    passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
    yield Need(action="iam:PassRole", resource=request["roleArn"], context=passed)
    yield from _to_encrypt(scope, request.get("customModelKmsKeyId", ""))


def _to_deploy(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    tags = {f"aws:RequestTag/{tag['key']}": tag["value"] for tag in request.get("tags", [])}
    yield Need(action=action, resource=request["modelArn"], context=tags)
    if tags:
        # UNCONFIRMED, as of jobs.
        deployments = scope.arn("custom-model-deployment/*")
        yield Need(action="bedrock:TagResource", resource=deployments, context=tags)


def _to_log(setting: dict[str, Any]) -> Iterator[Need]:
    """UNCONFIRMED that the role must be one that the caller may pass."""
    if role := setting.get("cloudWatchConfig", {}).get("roleArn"):
        passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
        yield Need(action="iam:PassRole", resource=role, context=passed)


def _to_provision(action: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    tags = {f"aws:RequestTag/{tag['key']}": tag["value"] for tag in request.get("tags", [])}
    yield Need(action=action, resource=_model(scope, request["modelId"]), context=tags)
    if tags:
        # UNCONFIRMED, as of jobs.
        provisioned = scope.arn("provisioned-model/*")
        yield Need(action="bedrock:TagResource", resource=provisioned, context=tags)


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


def _subject(scope: Scope, request: dict[str, Any]) -> str:
    for member, kind in (
        ("resourceARN", ""),
        ("jobIdentifier", "model-customization-job"),
        ("modelIdentifier", "custom-model"),
        ("customModelDeploymentIdentifier", "custom-model-deployment"),
        ("provisionedModelId", "provisioned-model"),
    ):
        if identifier := request.get(member):
            return (
                identifier if identifier.startswith("arn:") else scope.arn(f"{kind}/{identifier}")
            )
    return "*"
