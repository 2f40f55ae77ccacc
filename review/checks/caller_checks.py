"""Who asks the models that are live, and what else they may: nothing."""

from review.checks.network_checks import group_rules
from review.checks.template_check import check
from review.role_policies import statements


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
    ask, decrypt = statements(policy)
    assert ask.actions == {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
    assert ask.conditions == {
        "StringEquals": {
            "aws:ResourceTag/tuning:environment": environment.name,
            "aws:SourceVpce": "{EndpointsBedrockRuntime}",
        }
    }
    assert decrypt.actions == {"kms:Decrypt"}


@check
def nobody_of_ours_has_the_callers_policy(environment):
    policy = environment.one("AWS::IAM::ManagedPolicy", "CallersPolicy")
    assert "Roles" not in policy.properties
    for role in environment.of_type("AWS::IAM::Role"):
        assert policy.ref not in role.properties.get("ManagedPolicyArns", ())
