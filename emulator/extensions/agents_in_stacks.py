"""CloudFormation: AWS::BedrockAgentCore::Runtime, which MiniStack 1.5.33 refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrockagentcore-runtime.html
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import bedrock_agentcore

from emulator.extensions import provisioning
from emulator.extensions.agent_runtimes import OF_A_STACK
from emulator.extensions.provisioning import (
    Conversions,
    Properties,
    Provisioned,
    answer_of,
    as_in_api,
)

_CONVERSIONS: Conversions = {"EnvironmentVariables": dict, "Tags": dict}
"""Maps whose names are the user's."""


def install() -> None:
    def create(_logical: str, properties: Properties, _stack: str) -> Provisioned:
        body = json.dumps(_request(properties)).encode()
        return _provisioned(_as_a_stack(lambda: bedrock_agentcore._create_agent_runtime(body)))

    def update(identifier: str, old: Properties, new: Properties, *_rest: Any) -> Provisioned:
        if old["AgentRuntimeName"] != new["AgentRuntimeName"]:
            delete(identifier, old)
            return create("", new, "")
        body = json.dumps({k: v for k, v in _request(new).items() if k != "agentRuntimeName"})
        updated = bedrock_agentcore._update_agent_runtime
        return _provisioned(_as_a_stack(lambda: updated(identifier, body.encode())))

    def delete(identifier: str, _properties: Properties) -> None:
        """What is not there any more is deleted."""
        if identifier in bedrock_agentcore._runtimes:
            answer_of(bedrock_agentcore._delete_agent_runtime(identifier))

    provisioning.add("AWS::BedrockAgentCore::Runtime", create=create, delete=delete, update=update)


def _as_a_stack(call: Callable[[], Any]) -> dict[str, Any]:
    token = OF_A_STACK.set(True)
    try:
        return answer_of(call())
    finally:
        OF_A_STACK.reset(token)


def _provisioned(made: dict[str, Any]) -> Provisioned:
    """UNCONFIRMED that Ref is the id: the type's primary identifier."""
    attributes = {
        "AgentRuntimeArn": made["agentRuntimeArn"],
        "AgentRuntimeId": made["agentRuntimeId"],
        "AgentRuntimeVersion": made["agentRuntimeVersion"],
        "Status": "READY",
    }
    return made["agentRuntimeId"], attributes


def _request(properties: Properties) -> dict[str, Any]:
    request: dict[str, Any] = as_in_api(properties, _CONVERSIONS)
    if isinstance(protocol := request.pop("protocolConfiguration", None), str):
        request["protocolConfiguration"] = {"serverProtocol": protocol}
    lifecycle = request.get("lifecycleConfiguration")
    if lifecycle:  # numbers come as text
        request["lifecycleConfiguration"] = {name: int(each) for name, each in lifecycle.items()}
    return request
