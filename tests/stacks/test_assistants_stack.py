"""An environment with assistants has a stack for them, closed as all else; no other has anything of it."""

import json
from decimal import Decimal

from opted_stack import assert_reviewed
from whole_app import ROOT

from review.costs import idle
from review.role_policies import actions
from tuning.pipeline.assistant_steps import ANSWER_QUESTION

ROLES = {"HelpDeskAnswerQuestionRole", "PlainAnswerQuestionRole"}


def of_stack(environment, resource_type):
    return [each for each in environment.of_type(resource_type) if each.stack == "Assistants"]


def test_who_may_do_what_is_as_it_was_reviewed(assisted):
    assert_reviewed(assisted, "assistants_permissions.toml", ROLES)


def test_each_assistant_has_one_role_and_nobody_else_is_in_its_stack(assisted):
    assert {role.name for role in of_stack(assisted, "AWS::IAM::Role")} == ROLES


def test_an_assistant_reads_no_bucket_and_passes_no_role(assisted):
    for role in ROLES:
        services = {act.split(":")[0] for act in actions(assisted, role)}
        assert not {"s3", "iam", "states", "execute-api"} & services
        assert "bedrock:InvokeModel" not in actions(assisted, role)


def test_every_method_takes_signed_requests_of_a_checked_form(assisted):
    methods = of_stack(assisted, "AWS::ApiGateway::Method")
    assert {each.properties["HttpMethod"] for each in methods} == {"POST"}
    assert len(methods) == 2
    for each in methods:
        assert each.properties["AuthorizationType"] == "AWS_IAM"
        assert each.properties["RequestValidatorId"]
    (api,) = of_stack(assisted, "AWS::ApiGateway::RestApi")
    assert api.properties["EndpointConfiguration"] == {
        "Types": ["PRIVATE"],
        "VpcEndpointIds": ["{EndpointsExecuteApi}"],
    }
    (stage,) = of_stack(assisted, "AWS::ApiGateway::Stage")
    (settings,) = stage.properties["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == 20
    assert settings["DataTraceEnabled"] is False


def test_who_asks_reaches_the_api_alone_and_the_functions_do_not(assisted):
    ways = {
        (rule.properties["GroupId"], rule.properties["DestinationSecurityGroupId"])
        for rule in assisted.of_type("AWS::EC2::SecurityGroupEgress")
    }
    assert {to for of, to in ways if of == "{Askers}"} == {"{EndpointsExecuteApiGroup}"}
    assert {of for of, to in ways if to == "{EndpointsExecuteApiGroup}"} == {"{Askers}"}


def test_each_function_knows_its_own_assistant(assisted):
    given_to = {}
    for function in of_stack(assisted, "AWS::Lambda::Function"):
        given = function.properties["Environment"]["Variables"]
        own = {name: text for name, text in given.items() if not name.startswith("POWERTOOLS")}
        assert ANSWER_QUESTION.settings.from_env(own).to_env() == own
        given_to[given["ASSISTANT"]] = (given["GUARDRAIL_ARN"], given["BASE_MODEL"])
    assert given_to == {
        "help-desk": ("{CallersGuardrail.GuardrailArn}", "none"),
        "plain": ("{GuardStrictGuardrail.GuardrailArn}", "amazon.nova-2-lite-v1:0"),
    }


def test_it_costs_while_nobody_asks_what_the_documents_state(assisted):
    """Beside its endpoint."""
    assert idle(assisted).unpriced == ()
    month = len(of_stack(assisted, "AWS::CloudWatch::Alarm")) * Decimal("0.10")
    assert month <= 5
    text = (ROOT / "docs/assistants.md").read_text("utf-8")
    assert f"**{month:.2f}**" in text


def test_every_alarm_has_a_row_in_the_runbook(assisted):
    text = (ROOT / "docs/runbook.md").read_text("utf-8")
    alarms = of_stack(assisted, "AWS::CloudWatch::Alarm")
    assert {each.name for each in alarms} == {
        "AssistantsAlarmsAssistantsFail",
        *(f"{each}AnswerQuestionAlarmsAnswerQuestionErrors" for each in ("HelpDesk", "Plain")),
    }
    for name in ("AssistantsFail", "AnswerQuestionErrors"):
        assert f"| `{name}` |" in text
    for alarm in alarms:
        assert alarm.properties["AlarmActions"] == ["{Notices}"]


def test_an_environment_without_assistants_has_nothing_of_them(dev):
    text = json.dumps(dev.templates)
    for word in ("execute-api", "AWS::ApiGateway", "Askers", "assistant", "Assistant"):
        assert word not in text, word
