"""Who asks the models that are live, and what else they may: nothing."""

from typing import Any

from review.checks.network_checks import group_rules
from review.checks.template_check import check
from review.role_policies import statements
from review.synthesis import CHECKOUT
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.guardrail_request import as_request

INVOKING = {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
GUARDRAIL_KEY = "bedrock:GuardrailIdentifier"


def numbered(environment):
    """The guardrail with its version, whose logical id ends in a digest of its content."""
    version = environment.one("AWS::Bedrock::GuardrailVersion")
    return f"{{CallersGuardrail.GuardrailArn}}:{{{version.name}.Version}}"


@check
def callers_reach_the_endpoint_of_models_and_nothing_else(environment):
    theirs = [r for r in group_rules(environment) if "{Callers}" in (r.group, r.peer)]
    assert {(r.group, r.way, r.peer) for r in theirs} == {
        ("{Callers}", "out", "127.0.0.1/32"),  # what says that nothing is implied
        ("{Callers}", "out", "{EndpointsBedrockRuntimeGroup}"),
        ("{EndpointsBedrockRuntimeGroup}", "in", "{Callers}"),
    }


@check
def the_callers_policy_asks_deployments_of_this_environment_through_its_endpoint(environment):
    policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy")
    ask, decrypt, *guarded = statements(policy)
    assert ask.actions == INVOKING
    named = {GUARDRAIL_KEY: numbered(environment)} if guarded else {}
    tagged = {"aws:ResourceTag/tuning:environment": environment.name}
    assert ask.conditions == {
        "StringEquals": {**tagged, "aws:SourceVpce": "{EndpointsBedrockRuntime}", **named}
    }
    assert decrypt.actions == {"kms:Decrypt"}
    assert len(guarded) == {"dev": 0, "rich": 2}[environment.name]


@check(only="rich")
def a_caller_is_denied_what_names_no_numbered_version_of_the_guardrail(environment):
    policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy")
    ask, _, apply, deny = statements(policy)
    assert (deny.effect, deny.actions, deny.resources) == ("Deny", INVOKING, ask.resources)
    assert deny.conditions == {
        "StringEquals": {"aws:ResourceTag/tuning:environment": environment.name},
        "StringNotEquals": {GUARDRAIL_KEY: numbered(environment)},
    }
    assert (apply.actions, apply.resources) == (
        {"bedrock:ApplyGuardrail"},
        {"{CallersGuardrail.GuardrailArn}"},
    )


@check(only="rich")
def the_guardrail_is_under_our_key_and_its_version_a_resource_of_its_content(environment):
    guardrail = environment.one("AWS::Bedrock::Guardrail")
    assert guardrail.properties["KmsKeyArn"] == "{DataKey}"
    version = environment.one("AWS::Bedrock::GuardrailVersion")
    assert version.properties["GuardrailIdentifier"] == "{CallersGuardrail.GuardrailArn}"


@check(only="rich")
def the_guardrail_is_what_its_file_says(environment):
    """A filter, topic, word or pattern that is not in the template is not in Bedrock."""
    said = as_request(load_guardrail(CHECKOUT / "guardrails/support.toml"))
    made = environment.one("AWS::Bedrock::Guardrail").properties
    own = {"Name", "KmsKeyArn", "Tags"}
    assert _as_asked({k: v for k, v in made.items() if k not in own}) == said


def _as_asked(part: Any) -> Any:
    """Members as the API calls them, and not CloudFormation."""
    match part:
        case dict():
            return {_member(name): _as_asked(each) for name, each in part.items()}
        case list():
            return [_as_asked(each) for each in part]
    return part


def _member(name: str) -> str:
    return "tierConfig" if name.endswith("TierConfig") else name[0].lower() + name[1:]


@check
def who_asks_without_a_guardrail_measures_or_verifies(environment):
    """The endpoint lets them by a tag of their roles."""
    tagged = {
        (role.name, each["Value"])
        for role in environment.of_type("AWS::IAM::Role")
        for each in role.properties.get("Tags", ())
        if each["Key"] == "tuning:part" and each["Value"] in ("evaluation", "verification")
    }
    verifying = {("VerifyReleaseRole", "verification")} if environment.name == "rich" else set()
    assert tagged == {("AnswerPromptsRole", "evaluation")} | verifying


@check
def nobody_of_ours_has_the_callers_policy(environment):
    policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy")
    assert "Roles" not in policy.properties
    for role in environment.of_type("AWS::IAM::Role"):
        assert policy.ref not in role.properties.get("ManagedPolicyArns", ())
