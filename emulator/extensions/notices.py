"""SNS: encryption of a topic, which MiniStack's CloudFormation drops."""

from typing import Any

from ministack.services import sns

from emulator.extensions import provisioning

_ATTRIBUTES = ("KmsMasterKeyId", "TracingConfig", "SignatureVersion")


def install() -> None:
    provisioning.after("AWS::SNS::Topic", _apply)


def _apply(arn: str, properties: dict[str, Any]) -> None:
    attributes = sns._topics[arn]["attributes"]
    for name in _ATTRIBUTES:
        if properties.get(name):
            attributes[name] = str(properties[name])
        else:
            attributes.pop(name, None)
