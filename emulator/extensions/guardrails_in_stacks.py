"""CloudFormation: AWS::Bedrock::Guardrail and GuardrailVersion, which MiniStack 1.5.33 refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrail.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrailversion.html
"""

from typing import Any

from emulator.bedrock.api_errors import ApiError, NotFound
from emulator.bedrock.engine import Engine
from emulator.bedrock.guardrails import DRAFT
from emulator.bedrock.requests import validate
from emulator.extensions import provisioning
from emulator.extensions.bedrock import scope_of_the_call
from emulator.extensions.provisioning import Properties, Provisioned, flag

_CREATE_ONLY = ("GuardrailIdentifier", "Description")
_OTHER_NAMES = {"ContentFiltersTierConfig": "tierConfig", "TopicsTierConfig": "tierConfig"}
"""Members that the API calls otherwise than the type."""


def install(engine: Engine) -> None:
    """It acts with the rights of the stack's deployer, which are not asked for here."""

    def create(_logical: str, properties: Properties, _stack: str) -> Provisioned:
        made = _asked(engine, "CreateGuardrail", _request(properties))
        return _provisioned(made)

    def update(identifier: str, old: Properties, new: Properties, *_rest: Any) -> Provisioned:
        if old.get("KmsKeyArn") != new.get("KmsKeyArn"):
            # UNCONFIRMED: the type's page has no replacement for it.
            raise ValueError("The emulator changes no key of a guardrail.")
        request = {k: v for k, v in _request(new).items() if k not in ("kmsKeyId", "tags")}
        made = _asked(engine, "UpdateGuardrail", {**request, "guardrailIdentifier": identifier})
        return _provisioned(made)

    def delete(identifier: str, _properties: Properties) -> None:
        _gone(engine, {"guardrailIdentifier": identifier})

    def number(_logical: str, properties: Properties, _stack: str) -> Provisioned:
        asked = {
            name[0].lower() + name[1:]: properties[name]
            for name in _CREATE_ONLY
            if name in properties
        }
        made = _asked(engine, "CreateGuardrailVersion", asked)
        found = engine.guardrails.find(scope_of_the_call(), made["guardrailId"])
        attributes = {
            "GuardrailId": found.id,
            "GuardrailArn": found.arn,
            "Version": made["version"],
        }
        return f"{found.arn}|{made['version']}", attributes

    def drop(identifier: str, _properties: Properties) -> None:
        guardrail, _, version = identifier.rpartition("|")
        _gone(engine, {"guardrailIdentifier": guardrail, "guardrailVersion": version})

    provisioning.add("AWS::Bedrock::Guardrail", create=create, delete=delete, update=update)
    provisioning.add("AWS::Bedrock::GuardrailVersion", create=number, delete=drop)


def _asked(engine: Engine, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """A refusal fails the stack."""
    try:
        validate(operation, request)
        kept, scope = engine.guardrails, scope_of_the_call()
        does = {
            "CreateGuardrail": kept.create,
            "UpdateGuardrail": kept.update,
            "CreateGuardrailVersion": kept.number,
        }
        return does[operation](scope, request)
    except ApiError as refused:
        raise ValueError(str(refused)) from None


def _gone(engine: Engine, request: dict[str, Any]) -> None:
    """What is not there any more is deleted."""
    try:
        engine.guardrails.delete(scope_of_the_call(), request)
    except NotFound:
        return


def _provisioned(made: dict[str, Any]) -> Provisioned:
    named = {"GuardrailArn": made["guardrailArn"], "GuardrailId": made["guardrailId"]}
    return made["guardrailArn"], {**named, "Version": DRAFT, "Status": "READY"}


def _request(properties: Properties) -> dict[str, Any]:
    """Members as the API calls them."""
    request: dict[str, Any] = _lowered({k: v for k, v in properties.items() if k != "Tags"})
    if key := request.pop("kmsKeyArn", None):
        request["kmsKeyId"] = key
    if profile := request.pop("crossRegionConfig", None):
        request["crossRegionConfig"] = {
            "guardrailProfileIdentifier": profile["guardrailProfileArn"]
        }
    tags = [{"key": each["Key"], "value": each["Value"]} for each in properties.get("Tags", [])]
    return {**request, **({"tags": tags} if tags else {})}


def _lowered(part: Any) -> Any:
    match part:
        case dict():
            return {
                _OTHER_NAMES.get(name, name[0].lower() + name[1:]): flag(each)
                if name.endswith("Enabled")
                else float(each)
                if name == "Threshold"
                else _lowered(each)
                for name, each in part.items()
            }
        case list():
            return [_lowered(each) for each in part]
    return part
