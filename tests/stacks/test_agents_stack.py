"""An assistant with tools has an agent that may what its tools take, and a function that may ask that agent."""

import tomllib

import pytest
from opted_stack import decisions_about, not_as_decided, plugin_reports, said_against
from tooled import FUNCTION, ZONE_IDS, synthesized
from whole_app import ROOT

from review.decide import review_decisions
from review.permission_table import render, table
from review.role_policies import actions
from review.templates import EnvironmentTemplates

AGENT, ASKS = "ClerkAgentRole", "ClerkAnswerWithToolsRole"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthesized(tmp_path_factory.mktemp("tooled"), templates=True, zone_ids=ZONE_IDS)


@pytest.fixture(scope="module")
def tooled(folder):
    return EnvironmentTemplates.of(folder, "tooled")


def test_nothing_is_said_against_it_by_any_pack_validator_or_guard_rule(folder):
    report = plugin_reports(folder)
    assert len(report) > 5
    assert said_against(report) == []


def test_an_agent_may_its_model_its_guardrail_and_its_tools(tooled):
    assert set(actions(tooled, AGENT)) == {
        *("bedrock:InvokeModel", "bedrock:ApplyGuardrail", "kms:Decrypt", "lambda:InvokeFunction"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }


def test_who_asks_an_agent_asks_no_model(tooled):
    assert "bedrock-agentcore:InvokeAgentRuntime" in actions(tooled, ASKS)
    assert not {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"} & set(
        actions(tooled, ASKS)
    )
    assert not {"lambda:InvokeFunction"} & set(actions(tooled, ASKS))


def test_who_may_do_what_is_as_it_was_reviewed(tooled):
    reviewed = tomllib.loads((ROOT / "review/agents_permissions.toml").read_text("utf-8"))
    found = {name: entry for name, entry in table(tooled).items() if name in (AGENT, ASKS)}
    assert tomllib.loads(render(found)) == reviewed


@pytest.fixture(scope="module")
def decided(tooled):
    return review_decisions(tooled, region="us-east-1", mutated=False).decisions


def test_every_decision_on_agents_is_as_the_table_has_it(decided):
    own = decisions_about(decided, "agent")
    assert len(own) >= 25
    assert not_as_decided(own) == []


def test_what_holds_everywhere_holds_beside_agents(decided):
    assert len(decided) >= 400
    assert not_as_decided(decided) == []


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
    }
    assert {of for of, to in ways if to == "{EndpointsLambdaGroup}"} == {"{Agents}"}
    assert {of for of, to in ways if to == "{EndpointsAgentCoreGroup}"} == {"{Functions}"}


def test_an_agents_interfaces_are_in_zones_that_have_the_service(tooled):
    (runtime,) = tooled.of_type("AWS::BedrockAgentCore::Runtime")
    network = runtime.properties["NetworkConfiguration"]
    assert network["NetworkMode"] == "VPC"
    assert len(network["NetworkModeConfig"]["Subnets"]) == 1  # b is use1-az3 in this account
    assert network["NetworkModeConfig"]["SecurityGroups"] == ["{Agents}"]
    assert runtime.properties["AgentRuntimeArtifact"]["CodeConfiguration"]["EntryPoint"] == [
        "agent.py"
    ]


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
