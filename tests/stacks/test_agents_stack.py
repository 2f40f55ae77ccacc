"""An assistant with tools has an agent that may what its tools take, and a function that may ask that agent."""

import pytest
from opted_stack import assert_reviewed
from tooled import FUNCTION
from whole_app import ROOT

from review.costs import idle
from review.role_policies import actions, permissions, roles_allowed

AGENT, ASKS = "ClerkAgentRole", "ClerkAnswerWithToolsRole"
SEARCHER, ASKS_SEARCHER = "GuideAgentRole", "GuideAnswerWithToolsRole"
ROLES = (AGENT, ASKS, SEARCHER, ASKS_SEARCHER)


def test_an_agent_may_its_model_its_guardrail_and_its_tools(tooled):
    assert set(actions(tooled, AGENT)) == {
        *("bedrock:InvokeModel", "bedrock:ApplyGuardrail", "kms:Decrypt", "lambda:InvokeFunction"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }


def test_an_agent_with_documents_may_search_its_own_assistants_and_calls_no_function(tooled):
    assert set(actions(tooled, SEARCHER)) == {
        *("bedrock:InvokeModel", "bedrock:ApplyGuardrail", "kms:Decrypt", "bedrock:Retrieve"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }
    assert roles_allowed(tooled, "bedrock:Retrieve") == {SEARCHER, "PlainAnswerQuestionRole"}
    own = {on for act, on in permissions(tooled, SEARCHER) if act == "bedrock:Retrieve"}
    assert own == {"{DocumentsGuideBase.KnowledgeBaseArn}"}
    (runtime,) = (
        each.properties["EnvironmentVariables"]
        for each in tooled.of_type("AWS::BedrockAgentCore::Runtime")
        if each.properties["EnvironmentVariables"]["ASSISTANT"] == "guide"
    )
    assert runtime["KNOWLEDGE_BASE"] == "{DocumentsGuideBase.KnowledgeBaseId}"


@pytest.mark.parametrize("role", [ASKS, ASKS_SEARCHER])
def test_who_asks_an_agent_asks_no_model_calls_no_tool_and_searches_nothing(tooled, role):
    may = set(actions(tooled, role))
    assert "bedrock-agentcore:InvokeAgentRuntime" in may
    assert not {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"} & may
    assert not {"lambda:InvokeFunction", "bedrock:Retrieve"} & may


def test_who_may_do_what_is_as_it_was_reviewed(tooled):
    assert_reviewed(tooled, "agents_permissions.toml", ROLES)


def test_an_agent_costs_nothing_while_it_is_idle_but_its_endpoints(tooled):
    """https://aws.amazon.com/bedrock/agentcore/pricing/: by the seconds of its sessions."""
    assert idle(tooled).unpriced == ()
    services = [
        each.properties["ServiceName"].rpartition(".")[2]
        for each in tooled.of_type("AWS::EC2::VPCEndpoint")
    ]
    own = ("bedrock-agentcore", "lambda", "bedrock-agent", "bedrock-agent-runtime")
    assert [services.count(each) for each in own] == [1, 1, 1, 1]


def test_every_alarm_of_an_agent_has_a_row_in_the_runbook(tooled):
    names = {each.name for each in tooled.of_type("AWS::CloudWatch::Alarm")}
    assert "ClerkAnswerWithToolsAlarmsAnswerWithToolsErrors" in names
    assert "| `AnswerWithToolsErrors` |" in (ROOT / "docs/runbook.md").read_text("utf-8")


def test_who_asks_reaches_models_by_no_endpoint_and_agents_by_theirs_alone(tooled):
    ways = {
        (rule.properties["GroupId"], rule.properties["DestinationSecurityGroupId"])
        for rule in tooled.of_type("AWS::EC2::SecurityGroupEgress")
    }
    assert {to for of, to in ways if of == "{Agents}"} == {
        "{EndpointsBedrockRuntimeGroup}",
        "{EndpointsLambdaGroup}",
        "{EndpointsBedrockAgentRuntimeGroup}",
    }
    assert {of for of, to in ways if to == "{EndpointsLambdaGroup}"} == {"{Agents}"}
    assert {of for of, to in ways if to == "{EndpointsAgentCoreGroup}"} == {"{Functions}"}


def test_an_agents_interfaces_are_in_zones_that_have_the_service(tooled):
    runtimes = tooled.of_type("AWS::BedrockAgentCore::Runtime")
    assert len(runtimes) == 2
    for runtime in runtimes:
        network = runtime.properties["NetworkConfiguration"]
        assert network["NetworkMode"] == "VPC"
        assert len(network["NetworkModeConfig"]["Subnets"]) == 1  # b is use1-az3 in this account
        assert network["NetworkModeConfig"]["SecurityGroups"] == ["{Agents}"]
        code = runtime.properties["AgentRuntimeArtifact"]["CodeConfiguration"]
        assert code["EntryPoint"] == ["agent.py"]


def test_the_vpc_leads_to_the_tools_functions_and_no_others(tooled):
    (endpoint,) = [
        each.properties
        for each in tooled.of_type("AWS::EC2::VPCEndpoint")
        if each.properties["ServiceName"].endswith(".lambda")
    ]
    (statement,) = endpoint["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == [
        FUNCTION,
        "arn:aws:lambda:us-east-1:{account}:function:orders",
    ]
