"""What a VPC with agents has beside: a way to AgentCore for the functions that ask, and those that agents' tools take."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_tools import AssistantTool
from tuning.constructs.knowledge_endpoints import PASSAGES

if TYPE_CHECKING:
    from tuning.constructs.endpoints import Endpoints


def add_agent_endpoints(endpoints: "Endpoints", assistants: Sequence[Assistant]) -> list[str]:
    """None where no assistant has tools. Runtimes are made after this stack: all of the account's are admitted, and each
    caller's role names one. What comes back are the endpoints that agents reach.
    https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/vpc-interface-endpoints.html
    """
    tools = [tool for each in assistants for tool in each.tools]
    reached = ["BedrockRuntime"]
    if not tools:
        return reached
    stack, services = cdk.Stack.of(endpoints), ec2.InterfaceVpcEndpointAwsService
    runtimes = stack.format_arn(service="bedrock-agentcore", resource="runtime", resource_name="*")
    asking = ["bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:StopRuntimeSession"]
    let_ask = endpoints.let(asking, [runtimes], ours=True)
    endpoints.interface("AgentCore", services.BEDROCK_AGENTCORE, let_ask)
    if functions := tool_functions(stack, tools):
        let_call = endpoints.let(["lambda:InvokeFunction"], functions)
        endpoints.interface("Lambda", services.LAMBDA_, let_call, functions=False)
        reached.append("Lambda")
    if any(each.kind == "documents" for each in tools):
        reached.append(PASSAGES)
    return reached


def tool_functions(stack: cdk.Stack, tools: Sequence[AssistantTool]) -> list[str]:
    """ARNs of the functions, each once and in order."""
    named = (each.function for each in tools if each.function)
    return sorted({each if each.startswith("arn:") else _arn(stack, each) for each in named})


def _arn(stack: cdk.Stack, name: str) -> str:
    return stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
