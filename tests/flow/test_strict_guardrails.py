"""As strict as AWS about guardrails: versions, rights, keys and what a policy may demand. docs/emulator.md has the table."""

import json

import pytest
from strict import a_key, a_user, may, refused

NOVA = "amazon.nova-micro-v1:0"
FOUNDATION = f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"
INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
VIA = {"kms:ViaService": "bedrock.us-east-1.amazonaws.com"}
GUARDRAIL = {
    "name": "support",
    "blockedInputMessaging": "not asked",
    "blockedOutputsMessaging": "not answered",
    "wordPolicyConfig": {"wordsConfig": [{"text": "secret"}, {"text": "mock"}]},
    "sensitiveInformationPolicyConfig": {
        "regexesConfig": [{"name": "CPF", "pattern": r"\d{3}-\d{2}", "action": "ANONYMIZE"}]
    },
}
"""`mock` is in what MiniStack answers for a base model."""
STAGE = {"enforce": True}


@pytest.fixture(scope="module")
def key(stage):
    return a_key(stage)


@pytest.fixture(scope="module")
def arn(stage, key):
    """A guardrail with version 1, which masks and blocks, and a draft which does not block."""
    bedrock = stage.client("bedrock")
    made = bedrock.create_guardrail(**GUARDRAIL, kmsKeyId=key)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    arn = made["guardrailArn"]
    assert bedrock.create_guardrail_version(guardrailIdentifier=arn)["version"] == "1"
    draft = {**GUARDRAIL, "wordPolicyConfig": {"wordsConfig": [{"text": "unheard of"}]}}
    bedrock.update_guardrail(guardrailIdentifier=arn, **draft)
    return arn


def said(text):
    return [{"role": "user", "content": [{"text": text}]}]


def inline(arn, version="1"):
    return {"guardrailIdentifier": arn, "guardrailVersion": version, "trace": "enabled"}


def apply(runtime, arn, text, version="1", source="INPUT"):
    return runtime.apply_guardrail(
        guardrailIdentifier=arn,
        guardrailVersion=version,
        source=source,
        content=[{"text": {"text": text}}],
    )


def test_a_guardrail_is_applied_by_its_numbered_version(stage, arn):
    runtime = stage.client("bedrock-runtime")
    blocked = apply(runtime, arn, "a secret")
    assert (blocked["action"], blocked["outputs"]) == (
        "GUARDRAIL_INTERVENED",
        [{"text": "not asked"}],
    )
    assert "guessed" in blocked["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    assert apply(runtime, arn, "CPF 123-45", source="OUTPUT")["outputs"] == [{"text": "CPF {CPF}"}]
    assert apply(runtime, arn, "a secret", version="DRAFT")["action"] == "NONE"
    asked = {"guardrailIdentifier": arn, "guardrailVersion": "7", "source": "INPUT"}
    content = [{"text": {"text": "x"}}]
    code, status, _ = refused(runtime.apply_guardrail, **asked, content=content)
    assert (code, status) == ("ResourceNotFoundException", 404)


def test_converse_stops_what_its_guardrail_blocks_and_says_so(stage, arn):
    runtime = stage.client("bedrock-runtime")
    asked = {"modelId": NOVA, "guardrailConfig": inline(arn)}
    answer = runtime.converse(**asked, messages=said("a secret"))
    assert answer["stopReason"] == "guardrail_intervened"
    assert answer["output"]["message"]["content"] == [{"text": "not asked"}]
    ((_, assessment),) = answer["trace"]["guardrail"]["inputAssessment"].items()
    assert assessment["wordPolicy"]["customWords"][0]["match"] == "secret"
    answered = runtime.converse(**asked, messages=said("hello"))
    assert answered["stopReason"] == "guardrail_intervened"
    assert answered["output"]["message"]["content"] == [{"text": "not answered"}]
    draft = {"modelId": NOVA, "guardrailConfig": inline(arn, "DRAFT")}
    assert runtime.converse(**draft, messages=said("a secret"))["stopReason"] == "end_turn"
    stream = runtime.converse_stream(
        modelId=NOVA,
        messages=said("a secret"),
        guardrailConfig={k: v for k, v in inline(arn).items() if k != "trace"},
    )["stream"]
    stops = [each["messageStop"]["stopReason"] for each in stream if "messageStop" in each]
    assert stops == ["guardrail_intervened"]


def test_where_content_is_marked_nothing_else_is_guarded(stage, arn):
    """A way around a guardrail for a caller who writes the request: docs/guardrails.md."""
    runtime = stage.client("bedrock-runtime")
    marked = [{"text": "a secret"}, {"guardContent": {"text": {"text": "harmless"}}}]
    messages = [{"role": "user", "content": marked}]
    answer = runtime.converse(modelId=NOVA, messages=messages, guardrailConfig=inline(arn))
    assert answer["output"]["message"]["content"] != [{"text": "not asked"}]


def test_whoever_invokes_with_a_guardrail_needs_the_right_on_it_and_on_its_key(stage, arn, key):
    invoke = may(*INVOKE, resource=FOUNDATION)
    applying = may("bedrock:ApplyGuardrail", resource=arn)
    decrypt = may("kms:Decrypt", resource=key, StringEquals=VIA)
    for number, (statements, lacks) in enumerate(
        (
            ([invoke, decrypt], "bedrock:ApplyGuardrail"),
            ([invoke, applying], "kms:Decrypt"),
            ([invoke, applying, decrypt], None),
        )
    ):
        runtime = a_user(stage, f"guarded-{number}", *statements)("bedrock-runtime")
        asked = {"modelId": NOVA, "messages": said("x"), "guardrailConfig": inline(arn)}
        if lacks is None:
            assert runtime.converse(**asked)["stopReason"] == "guardrail_intervened"
            assert apply(runtime, arn, "x")["action"] == "NONE"
        else:
            code, status, message = refused(runtime.converse, **asked)
            assert (code, status) == ("AccessDeniedException", 403)
            assert lacks in message
            named = {"guardrailIdentifier": arn, "guardrailVersion": "1", "source": "INPUT"}
            content = [{"text": {"text": "x"}}]
            assert lacks in refused(runtime.apply_guardrail, **named, content=content)[2]


def test_a_policy_can_demand_one_version_of_one_guardrail(stage, arn, key):
    """Absent, another version and the draft are denied, whatever else is allowed."""
    demanded = {"bedrock:GuardrailIdentifier": f"{arn}:1"}
    deny = {
        "Effect": "Deny",
        "Action": list(INVOKE),
        "Resource": "*",
        "Condition": {"StringNotEquals": demanded},
    }
    rest = [may("bedrock:ApplyGuardrail"), may("kms:Decrypt", resource=key)]
    runtime = a_user(stage, "demanded", may("bedrock:*"), deny, *rest)("bedrock-runtime")
    asked = {"modelId": NOVA, "messages": said("x")}
    for given in ({}, {"guardrailConfig": inline(arn, "DRAFT")}):
        code, _, message = refused(runtime.converse, **asked, **given)
        assert code == "AccessDeniedException"
        assert "explicit deny" in message
    by_id = inline(arn.rpartition("/")[2])
    for config in (inline(arn), by_id):
        assert runtime.converse(**asked, guardrailConfig=config)["stopReason"]
    body = json.dumps({"messages": said("x")})
    assert refused(runtime.invoke_model, modelId=NOVA, body=body)[0] == "AccessDeniedException"


def test_a_new_version_of_a_stack_is_a_new_resource_and_the_former_one_goes(stage, key):
    formation, bedrock = stage.client("cloudformation"), stage.client("bedrock")

    def resources(word, version):
        properties = {
            "Name": "stacked",
            "BlockedInputMessaging": "no",
            "BlockedOutputsMessaging": "no",
            "KmsKeyArn": key,
            "WordPolicyConfig": {"WordsConfig": [{"Text": word}]},
            "TopicPolicyConfig": {
                "TopicsConfig": [
                    {"Name": "t", "Definition": "d", "Type": "DENY", "InputEnabled": True}
                ],
                "TopicsTierConfig": {"TierName": "CLASSIC"},
            },
        }
        guardrail = {"Type": "AWS::Bedrock::Guardrail", "Properties": properties}
        number = {"GuardrailIdentifier": {"Fn::GetAtt": ["Guardrail", "GuardrailArn"]}}
        return {
            "Guardrail": guardrail,
            version: {"Type": "AWS::Bedrock::GuardrailVersion", "Properties": number},
        }

    assert stage.stack("guarded", **resources("first", "VersionA")) == ("CREATE_COMPLETE", "")
    (kept,) = [g for g in bedrock.list_guardrails()["guardrails"] if g["name"] == "stacked"]
    body = json.dumps({"Resources": resources("second", "VersionB")})
    formation.update_stack(StackName="guarded", TemplateBody=body)
    assert stage.settled("guarded") == ("UPDATE_COMPLETE", "")
    listed = bedrock.list_guardrails(guardrailIdentifier=kept["arn"])["guardrails"]
    assert [each["version"] for each in listed] == ["DRAFT", "2"]
    found = bedrock.get_guardrail(guardrailIdentifier=kept["arn"], guardrailVersion="2")
    assert [each["text"] for each in found["wordPolicy"]["words"]] == ["second"]
    assert found["kmsKeyArn"] == key
    formation.delete_stack(StackName="guarded")
    named = {"guardrailIdentifier": kept["arn"]}
    assert refused(bedrock.get_guardrail, **named)[0] == "ResourceNotFoundException"


def test_a_guardrail_that_bedrock_refuses_fails_its_stack(stage):
    properties = {"Name": "bad", "BlockedInputMessaging": "no", "BlockedOutputsMessaging": "no"}
    status, reason = stage.stack(
        "unguarded", Guardrail={"Type": "AWS::Bedrock::Guardrail", "Properties": properties}
    )
    assert status == "ROLLBACK_COMPLETE"
    assert "at least one policy" in reason
