"""Each stack that an environment has only where it asks for it is as closed as all others, and said to be so."""

import pytest

from tuning.constructs.acknowledgements import OTHER_TOOLS, accepted


@pytest.fixture(params=["assisted", "imported", "tooled"])
def clean(opted, request):
    return opted(request.param)


def test_nothing_is_said_against_it_by_any_pack_validator_or_guard_rule(clean):
    assert len(clean.reports) > 5
    said = [
        (violation["ruleName"], violation["violatingConstructs"])
        for plugin in clean.reports
        for violation in plugin.get("violations", [])
        # Guard names the stack of it, for which nothing is accepted: review/synthesis.py puts it where it belongs.
        if violation["ruleName"] != "kms_create_grant_aws_service_check"
    ]
    assert said == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [("assisted", ("assistants", "assistants of recipes")), ("imported", ("imports",))],
)
def test_every_row_that_is_accepted_for_it_is_about_something(opted, name, settings):
    said = {
        f"{plugin['pluginName'].replace(' ', '-')}::{violation['ruleName']}".partition("[")[0]
        for plugin in opted(name).reports
        for violation in plugin.get("suppressedViolations", [])
    }
    for row in accepted():
        if row.when in settings:
            for rule in row.rules:
                if not rule.startswith(OTHER_TOOLS):
                    assert rule.partition("[")[0] in said, rule


@pytest.mark.parametrize(
    ("name", "word", "least"),
    [
        ("assisted", "assistant", 90),
        ("documented", "document", 500),
        ("imported", "import", 60),
        ("tooled", "agent", 80),
    ],
)
def test_every_decision_on_the_stack_and_beside_it_is_as_the_table_has_it(opted, name, word, least):
    decided = opted(name).decided
    assert len([row for row in decided if word in row.case.says.lower()]) >= least
    assert len(decided) >= 400
    assert [(row.case, row.got) for row in decided if not row.holds] == []


def test_no_deployment_replaces_a_security_group_for_its_description(opted):
    """Another text makes another group. Those that attached the former lose what it reached, and CloudFormation refuses
    it where another stack uses the group's id.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    """
    descriptions = {
        group.properties["GroupDescription"]
        for name in ("assisted", "documented", "imported", "tooled")
        for group in opted(name).environment.of_type("AWS::EC2::SecurityGroup")
    }
    assert descriptions == {
        "Agents of the assistants",
        "Bedrock model customization jobs",
        "Callers of the live models",
        "PrivateLink endpoint AgentCore",
        "PrivateLink endpoint Bedrock",
        "PrivateLink endpoint BedrockAgent",
        "PrivateLink endpoint BedrockAgentRuntime",
        "PrivateLink endpoint BedrockRuntime",
        "PrivateLink endpoint ExecuteApi",
        "PrivateLink endpoint Lambda",
        "PrivateLink endpoint S3",
        "PrivateLink endpoint Sns",
        "PrivateLink endpoint States",
        "The functions of the tuning platform",
        "Those who ask the assistants",
    }
