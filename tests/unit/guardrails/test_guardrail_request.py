"""What a guardrail says to Bedrock is what botocore's model of the call takes, and nothing is lost on the way."""

from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tuning.guardrails.assessments import as_assessment, verdict_of
from tuning.guardrails.guard_verdict import GuardFinding
from tuning.guardrails.guardrail import DeniedTopic, StrengthBothWays
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.guardrail_request import as_request, from_request, guardrail_digest
from tuning.guardrails.personal_kinds import ENTITIES, FOUND_BY_PATTERNS

ROOT = Path(__file__).parents[3]
SUPPORT = load_guardrail(ROOT / "guardrails/support.toml")
SESSION = botocore.session.get_session()


def shape(service, operation, side):
    model = SESSION.get_service_model(service).operation_model(operation)
    return getattr(model, f"{side}_shape")


def test_the_request_is_valid():
    request = {"name": "dev-support", **as_request(SUPPORT)}
    report = ParamValidator().validate(request, shape("bedrock", "CreateGuardrail", "input"))
    assert not report.has_errors(), report.generate_report()


def test_what_is_read_back_is_the_same():
    grounded = replace(
        SUPPORT,
        grounding={"GROUNDING": 0.7},
        topics=(*SUPPORT.topics, DeniedTopic(name="t", definition="d", directions=("output",))),
    )
    read_back = from_request("support", as_request(grounded))
    assert replace(read_back, languages=SUPPORT.languages) == grounded


def test_what_is_not_enabled_is_not_evaluated():
    request = as_request(SUPPORT)
    for each in request["sensitiveInformationPolicyConfig"]["piiEntitiesConfig"]:
        each["outputEnabled"] = False
    made = from_request("support", request)
    assert {both.output for both in made.personal_data.values()} == {"NONE"}


def test_another_content_has_another_digest_and_the_same_one_the_same():
    assert guardrail_digest(SUPPORT) == guardrail_digest(replace(SUPPORT, languages=("en",)))
    changed = replace(SUPPORT, content={"HATE": StrengthBothWays(input="LOW", output="LOW")})
    assert guardrail_digest(changed) != guardrail_digest(SUPPORT)


def test_every_kind_of_bedrock_is_known_and_no_other():
    request = shape("bedrock", "CreateGuardrail", "input")
    entities = request.members["sensitiveInformationPolicyConfig"].members["piiEntitiesConfig"]
    assert sorted(ENTITIES) == sorted(entities.member.members["type"].enum)
    assert set(ENTITIES) >= FOUND_BY_PATTERNS


FINDINGS = (
    GuardFinding(
        policy="content", name="HATE", action="BLOCKED", why="w", confidence="HIGH", match="x"
    ),
    GuardFinding(policy="topic", name="t", action="BLOCKED", why="w"),
    GuardFinding(policy="word", name="w", action="BLOCKED", why="w", match="w"),
    GuardFinding(policy="profanity", name="PROFANITY", action="BLOCKED", why="w", match="w"),
    GuardFinding(policy="personal_data", name="EMAIL", action="ANONYMIZED", why="w", match="a@b.c"),
    GuardFinding(policy="pattern", name="CPF", action="NONE", why="w", match="1"),
    GuardFinding(
        policy="grounding", name="GROUNDING", action="BLOCKED", why="w", score=0.1, least=0.5
    ),
)


def test_an_assessment_is_valid_and_says_the_same_as_the_findings():
    assessment = as_assessment(FINDINGS)
    wanted = shape("bedrock-runtime", "ApplyGuardrail", "output").members["assessments"].member
    report = ParamValidator().validate(assessment, wanted)
    assert not report.has_errors(), report.generate_report()
    answer = {"action": "GUARDRAIL_INTERVENED", "outputs": [{"text": "no"}]}
    verdict = verdict_of({**answer, "assessments": [assessment]}, "x", "input")
    said = [(each.policy, each.name, each.action) for each in verdict.findings]
    assert said == [(each.policy, each.name, each.action) for each in FINDINGS]
    assert (verdict.outcome, verdict.text) == ("blocked", "no")
    assert not any(each.approximated for each in verdict.findings)


@pytest.mark.parametrize(
    ("finding", "outcome"), [(FINDINGS[4], "masked"), (FINDINGS[2], "blocked"), (None, "blocked")]
)
def test_an_intervention_that_only_masks_lets_the_masked_text_go_on(finding, outcome):
    found = as_assessment([finding] if finding else [])
    answer = {"action": "GUARDRAIL_INTERVENED", "outputs": [{"text": "m"}], "assessments": [found]}
    verdict = verdict_of(answer, "x", "output")
    assert (verdict.outcome, verdict.text) == (outcome, "m")


def test_where_it_does_not_intervene_the_text_goes_on():
    answer = {"action": "NONE", "outputs": [], "assessments": [{}]}
    assert verdict_of(answer, "x", "output").text == "x"


def test_what_an_emulated_bedrock_says_of_models_is_a_guess():
    answer = {"action": "GUARDRAIL_INTERVENED", "outputs": [{"text": "no"}]}
    assessments = [as_assessment(FINDINGS)]
    verdict = verdict_of({**answer, "assessments": assessments}, "x", "input", emulated=True)
    exact = {each.policy for each in verdict.findings if not each.approximated}
    assert exact == {"word", "pattern"}
