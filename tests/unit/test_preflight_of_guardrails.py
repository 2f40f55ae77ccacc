"""Whether an account will take the guardrail of an environment."""

import json
from dataclasses import replace

import pytest
from fake_account import FakeAccount
from test_needs import assembly
from test_preflight import BY_ORGANIZATION, DENIED, NEEDS, found

from tuning.aws.account_facts import Questions
from tuning.preflight.facts import FoundGuardrail
from tuning.preflight.needs import NeededGuardrail, Needs

ARN = "arn:aws:bedrock:us-east-1:123456789012:guardrail/abcdefghijkl"
GUARDED = replace(NEEDS, guardrail=NeededGuardrail(name="dev-support"))
OWN = FoundGuardrail(name="dev-support", arn=ARN, status="READY", own=True)


def guardrail(*there, needs=GUARDED):
    (finding,) = found("guardrail", needs, account_guardrails=there)
    return finding


def test_an_environment_without_a_guardrail_is_not_asked_about_one():
    assert not found("guardrail")


@pytest.mark.parametrize(
    ("there", "outcome", "said"),
    [
        ((), "ok", "dev-support: none yet; texts are judged in this Region"),
        ((OWN,), "ok", "dev-support: ready"),
        ((replace(OWN, name="other", own=False, status="FAILED"),), "ok", "none yet"),
        ((replace(OWN, status="FAILED"),), "will fail", "applies none that failed"),
        ((replace(OWN, status="UPDATING"),), "unknown", "is UPDATING"),
        ((replace(OWN, own=False),), "unknown", "not of this environment"),
    ],
)
def test_it_can_be_made_or_is_there_and_ready(there, outcome, said):
    finding = guardrail(*there)
    assert finding.outcome == outcome
    assert said in finding.why
    assert bool(finding.fix) == (outcome != "ok")


@pytest.mark.parametrize(
    ("profile", "region", "outcome"),
    [
        ("us.guardrail.v1:0", "us-east-1", "ok"),
        ("eu.guardrail.v1:0", "us-east-1", "will fail"),
        ("apac.guardrail.v1:0", "us-west-2", "will fail"),
        ("new.guardrail.v1:0", "us-east-1", "ok"),
    ],
)
def test_a_profile_of_another_part_of_the_world_fails_and_one_of_its_own_is_named(
    profile, region, outcome
):
    wanted = NeededGuardrail(name="dev-support", profile=profile)
    finding = guardrail(needs=replace(NEEDS, region=region, guardrail=wanted))
    assert finding.outcome == outcome
    assert profile in finding.why


@pytest.mark.parametrize(
    ("answer", "outcome"), [(DENIED, "unknown"), (BY_ORGANIZATION, "will fail")]
)
def test_who_may_not_look_gets_what_to_ask_for(answer, outcome):
    (finding,) = found("guardrail", GUARDED, account_guardrails=answer)
    assert (finding.outcome, finding.why) == (outcome, answer.message)
    assert finding.fix


def test_the_account_is_asked_for_all_of_them_and_which_its_stacks_have_made():
    account = FakeAccount()
    listed = [
        {"name": f"dev-{name}", "arn": f"{ARN}{name}", "status": "READY"} for name in ("a", "b")
    ]
    account.answers |= {
        ("bedrock", "list_guardrails"): {"guardrails": listed},
        ("cloudformation", "describe_stacks"): {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]},
        ("cloudformation", "list_stack_resources"): {
            "StackResourceSummaries": [
                {"ResourceType": "AWS::Bedrock::Guardrail", "PhysicalResourceId": f"{ARN}b"}
            ]
        },
    }

    def facts(needs):
        return Questions(client=account.client, needs=needs).facts(session_region="us-east-1")

    made = facts(GUARDED).account_guardrails
    assert [(each.name, each.own) for each in made] == [("dev-a", False), ("dev-b", True)]
    account.asked.clear()
    assert facts(NEEDS).account_guardrails == ()
    assert "list_guardrails" not in [operation for _, operation, _ in account.asked]


@pytest.mark.parametrize(
    ("profile", "read"),
    [
        (None, ""),
        (
            "arn:aws:bedrock:us-east-1:123456789012:guardrail-profile/us.guardrail.v1:0",
            "us.guardrail.v1:0",
        ),
        (
            {
                "Fn::Join": [
                    "",
                    ["arn:", {"Ref": "AWS::Partition"}, ":guardrail-profile/eu.guardrail.v1:0"],
                ]
            },
            "eu.guardrail.v1:0",
        ),
    ],
)
def test_what_is_needed_is_read_from_the_templates(tmp_path, profile, read):
    assembly(tmp_path)
    assert Needs.of("dev", tmp_path).guardrail is None
    file = tmp_path / "Training.json"
    template = json.loads(file.read_text())
    crossing = {"CrossRegionConfig": {"GuardrailProfileArn": profile}} if profile else {}
    template["Resources"]["Guardrail"] = {
        "Type": "AWS::Bedrock::Guardrail",
        "Properties": {"Name": "dev-support", **crossing},
    }
    file.write_text(json.dumps(template))
    assert Needs.of("dev", tmp_path).guardrail == NeededGuardrail(name="dev-support", profile=read)
