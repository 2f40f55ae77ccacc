"""The emulated guardrails, without a server: drafts, numbered versions, and what each says of a text.

Sources: /APIReference/API_CreateGuardrail.html, API_CreateGuardrailVersion.html and API_runtime_ApplyGuardrail.html of
Amazon Bedrock.
"""

import botocore.session
import pytest
from botocore.validate import ParamValidator
from emulated_world import EAST, WEST

from emulator.bedrock import api_errors as errors
from emulator.bedrock.guarded_texts import applied_guardrail

KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
WORDS = {"wordsConfig": [{"text": "secret"}]}
CPF = {"name": "CPF", "pattern": r"\d{3}-\d{2}", "action": "ANONYMIZE"}
GUARDRAIL = {
    "name": "support",
    "blockedInputMessaging": "not asked",
    "blockedOutputsMessaging": "not answered",
    "wordPolicyConfig": WORDS,
    "sensitiveInformationPolicyConfig": {"regexesConfig": [CPF]},
}


def made(engine, scope=EAST, **more):
    return engine.call("CreateGuardrail", scope, GUARDRAIL | more)["guardrailArn"]


def number(engine, arn):
    return engine.call("CreateGuardrailVersion", EAST, {"guardrailIdentifier": arn})["version"]


def described(engine, arn, version=None):
    asked = {"guardrailVersion": version} if version else {}
    return engine.call("GetGuardrail", EAST, {"guardrailIdentifier": arn, **asked})


def asked(engine, arn, text, *, source="INPUT", version="DRAFT", **qualified):
    kept = engine.guardrails.find(EAST, arn, version)
    return applied_guardrail(
        kept, version, {"source": source, "content": [{"text": {"text": text} | qualified}]}
    )


def test_versions_are_numbered_snapshots_of_the_draft(engine):
    arn = made(engine)
    assert number(engine, arn) == "1"
    changed = {**GUARDRAIL, "wordPolicyConfig": {"wordsConfig": [{"text": "other"}]}}
    engine.call("UpdateGuardrail", EAST, {**changed, "guardrailIdentifier": arn})
    assert number(engine, arn) == "2"
    words = [described(engine, arn, v)["wordPolicy"]["words"][0]["text"] for v in (None, "1", "2")]
    assert words == ["other", "secret", "other"]
    assert asked(engine, arn, "secret", version="1")["action"] == "GUARDRAIL_INTERVENED"
    assert asked(engine, arn, "secret", version="2")["action"] == "NONE"


def test_a_number_is_not_given_twice_and_a_deleted_version_is_gone(engine):
    arn = made(engine)
    number(engine, arn)
    engine.call("DeleteGuardrail", EAST, {"guardrailIdentifier": arn, "guardrailVersion": "1"})
    assert number(engine, arn) == "2"
    with pytest.raises(errors.NotFound):
        described(engine, arn, "1")
    engine.call("DeleteGuardrail", EAST, {"guardrailIdentifier": arn})
    with pytest.raises(errors.NotFound):
        described(engine, arn)


def test_what_is_described_is_what_botocore_expects(engine):
    content = {
        "filtersConfig": [{"type": "HATE", "inputStrength": "LOW", "outputStrength": "LOW"}],
        "tierConfig": {"tierName": "CLASSIC"},
    }
    arn = made(engine, kmsKeyId=KEY, contentPolicyConfig=content)
    found = described(engine, arn)
    assert found["kmsKeyArn"] == KEY
    assert found["contentPolicy"] == {
        "filters": content["filtersConfig"],
        "tier": content["tierConfig"],
    }
    listed = engine.call("ListGuardrails", EAST, {})["guardrails"]
    assert [(each["arn"], each["version"]) for each in listed] == [(arn, "DRAFT")]
    number(engine, arn)
    listed = engine.call("ListGuardrails", EAST, {"guardrailIdentifier": arn})["guardrails"]
    assert [each["version"] for each in listed] == ["DRAFT", "1"]


def test_a_guardrail_is_of_its_region_and_its_name_is_taken(engine):
    arn = made(engine)
    with pytest.raises(errors.NotFound):
        engine.guardrails.find(WEST, arn)
    with pytest.raises(errors.Conflict):
        made(engine)
    made(engine, scope=WEST)


REFUSED = {
    "a name": {"name": "no spaces"},
    "a message": {"blockedInputMessaging": "x" * 501},
    "31 topics": {
        "topicPolicyConfig": {
            "topicsConfig": [
                {"name": f"t{n}", "definition": "d", "type": "DENY"} for n in range(31)
            ]
        }
    },
    "attacks in answers": {
        "contentPolicyConfig": {
            "filtersConfig": [
                {"type": "PROMPT_ATTACK", "inputStrength": "LOW", "outputStrength": "LOW"}
            ]
        }
    },
    "STANDARD without a profile": {
        "contentPolicyConfig": {
            "filtersConfig": [{"type": "HATE", "inputStrength": "LOW", "outputStrength": "LOW"}],
            "tierConfig": {"tierName": "STANDARD"},
        }
    },
    "a kind": {
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [{"type": "CPF", "action": "BLOCK"}]
        }
    },
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED)
def test_what_bedrock_would_refuse_of_a_guardrail_is_refused(engine, more):
    with pytest.raises(errors.ValidationError):
        made(engine, **more)


def test_a_guardrail_without_a_policy_is_refused(engine):
    bare = {m: v for m, v in GUARDRAIL.items() if not m.endswith("Config")}
    with pytest.raises(errors.ValidationError, match="at least one policy"):
        engine.call("CreateGuardrail", EAST, bare)


@pytest.mark.parametrize(
    "right", ["bedrock:CreateGuardrail", "kms:CreateGrant", "bedrock:TagResource"]
)
def test_whoever_makes_one_needs_the_right_and_those_on_its_key(engine, world, right):
    world.forbidden.add(right)
    with pytest.raises(errors.Denied, match=right):
        made(engine, kmsKeyId=KEY, tags=[{"key": "a", "value": "b"}])


def test_a_blocked_text_is_answered_by_the_message_of_its_direction(engine):
    arn = made(engine)
    assert asked(engine, arn, "a secret")["outputs"] == [{"text": "not asked"}]
    assert asked(engine, arn, "a secret", source="OUTPUT")["outputs"] == [{"text": "not answered"}]


def test_masked_texts_go_on_with_their_masks_and_others_as_they_are(engine):
    arn = made(engine)
    masked = asked(engine, arn, "it is 123-45")
    assert (masked["action"], masked["outputs"]) == (
        "GUARDRAIL_INTERVENED",
        [{"text": "it is {CPF}"}],
    )
    passed = asked(engine, arn, "it is fine")
    assert (passed["action"], passed["outputs"]) == ("NONE", [])
    assert passed["usage"]["wordPolicyUnits"] == 1
    assert passed["usage"]["topicPolicyUnits"] == 0


def test_an_answer_is_what_botocore_expects(engine):
    arn = made(engine)
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("ApplyGuardrail").output_shape
    report = ParamValidator().validate(asked(engine, arn, "secret 123-45"), shape)
    assert not report.has_errors(), report.generate_report()


def test_an_answer_is_held_against_its_source_and_the_source_is_not_guarded(engine):
    grounding = {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.9}]}
    arn = made(engine, contextualGroundingPolicyConfig=grounding)
    kept = engine.guardrails.find(EAST, arn)
    source = {"text": "Refunds take five days. secret", "qualifiers": ["grounding_source"]}
    content = [{"text": source}, {"text": {"text": "Parcels come from Lisbon."}}]
    answer = applied_guardrail(kept, "DRAFT", {"source": "OUTPUT", "content": content})
    (assessment,) = answer["assessments"]
    assert set(assessment) == {"contextualGroundingPolicy"}
    assert answer["outputs"] == [{"text": "not answered"}]


def test_tags_are_kept(engine):
    arn = made(engine, tags=[{"key": "environment", "value": "dev"}])
    listed = engine.call("ListTagsForResource", EAST, {"resourceARN": arn})
    assert listed["tags"] == [{"key": "environment", "value": "dev"}]
    assert engine.condition_keys(EAST, arn) == {"aws:ResourceTag/environment": "dev"}
