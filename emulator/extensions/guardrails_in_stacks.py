"""CloudFormation: AWS::Bedrock::Guardrail and GuardrailVersion, which MiniStack 1.5.33 refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrail.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrailversion.html
"""

from typing import Any

from emulator.bedrock.engine import Engine
from emulator.bedrock.guardrails import DRAFT
from emulator.extensions import provisioning
from emulator.extensions.bedrock import scope_of_the_call
from emulator.extensions.provisioning import Conversions, Properties, Provisioned, as_in_api, flag
from emulator.extensions.requests_of_stacks import ask_as_stack, delete_as_stack

_CREATE_ONLY = ("GuardrailIdentifier", "Description")
_CONVERSIONS: Conversions = {
    **dict.fromkeys(("Enabled", "InputEnabled", "OutputEnabled"), flag),
    "Threshold": float,
}
_OTHER_NAMES = {"ContentFiltersTierConfig": "tierConfig", "TopicsTierConfig": "tierConfig"}
"""Members that the API calls otherwise than the type."""


def install(engine: Engine) -> None:
    kept = engine.guardrails

    def create(_logical: str, properties: Properties, _stack: str) -> Provisioned:
        return _provisioned(ask_as_stack(kept.create, "CreateGuardrail", _request(properties)))

    def update(identifier: str, old: Properties, new: Properties, *_rest: Any) -> Provisioned:
        if old.get("KmsKeyArn") != new.get("KmsKeyArn"):
            # UNCONFIRMED: the type's page has no replacement for it.
            raise ValueError("The emulator changes no key of a guardrail.")
        request = {k: v for k, v in _request(new).items() if k not in ("kmsKeyId", "tags")}
        request["guardrailIdentifier"] = identifier
        return _provisioned(ask_as_stack(kept.update, "UpdateGuardrail", request))

    def delete(identifier: str, _properties: Properties) -> None:
        delete_as_stack(kept.delete, {"guardrailIdentifier": identifier})

    def number(_logical: str, properties: Properties, _stack: str) -> Provisioned:
        asked = as_in_api({name: properties[name] for name in _CREATE_ONLY if name in properties})
        made = ask_as_stack(kept.number, "CreateGuardrailVersion", asked)
        found = kept.find(scope_of_the_call(), made["guardrailId"])
        attributes = {
            "GuardrailId": found.id,
            "GuardrailArn": found.arn,
            "Version": made["version"],
        }
        return f"{found.arn}|{made['version']}", attributes

    def drop(identifier: str, _properties: Properties) -> None:
        guardrail, _, version = identifier.rpartition("|")
        version_of = {"guardrailIdentifier": guardrail, "guardrailVersion": version}
        delete_as_stack(kept.delete, version_of)

    provisioning.add("AWS::Bedrock::Guardrail", create=create, delete=delete, update=update)
    provisioning.add("AWS::Bedrock::GuardrailVersion", create=number, delete=drop)


def _provisioned(made: dict[str, Any]) -> Provisioned:
    named = {"GuardrailArn": made["guardrailArn"], "GuardrailId": made["guardrailId"]}
    return made["guardrailArn"], {**named, "Version": DRAFT, "Status": "READY"}


def _request(properties: Properties) -> dict[str, Any]:
    """Members as the API calls them."""
    own = {k: v for k, v in properties.items() if k != "Tags"}
    request: dict[str, Any] = as_in_api(own, _CONVERSIONS, _OTHER_NAMES)
    if key := request.pop("kmsKeyArn", None):
        request["kmsKeyId"] = key
    if profile := request.pop("crossRegionConfig", None):
        request["crossRegionConfig"] = {
            "guardrailProfileIdentifier": profile["guardrailProfileArn"]
        }
    tags = [{"key": each["Key"], "value": each["Value"]} for each in properties.get("Tags", [])]
    return {**request, **({"tags": tags} if tags else {})}
