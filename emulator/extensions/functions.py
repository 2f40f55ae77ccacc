"""Lambda: properties of a function that MiniStack's CloudFormation drops."""

from typing import Any

from ministack.services import lambda_svc

from emulator.extensions import provisioning


def install() -> None:
    provisioning.after("AWS::Lambda::Function", apply)


def apply(name: str, properties: dict[str, Any]) -> None:
    """Describe calls, and the network keys of the function's own calls, rest on these."""
    function = lambda_svc._functions.get(name)
    if function is None:
        return
    shown = function["config"]
    if network := properties.get("VpcConfig"):
        shown["VpcConfig"] = lambda_svc._vpc_config_with_id(network)
    if key := properties.get("KmsKeyArn"):
        shown["KMSKeyArn"] = key
    if target := properties.get("DeadLetterConfig"):
        shown["DeadLetterConfig"] = target
    if (reserved := properties.get("ReservedConcurrentExecutions")) is not None:
        function["concurrency"] = int(reserved)
