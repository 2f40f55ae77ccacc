"""What the doctor finds: each check is ok, will fail or is unknown, by what the account answered."""

from dataclasses import replace

import fake_account
import pytest
from fake_account import BEDROCK, LIST, NOVA, REGION

from tuning.preflight.examination import examine
from tuning.preflight.facts import Concurrency, Facts, NoAnswer, OfferedModel, fault_of_denial
from tuning.preflight.finding import CHECKS, worst_prospect
from tuning.preflight.needs import Needs
from tuning.preflight.quotas import (
    CUSTOM_MODELS,
    DEPLOYMENTS,
    JOBS,
    MODEL_UNITS,
    QUOTAS,
    VPCS,
)

LLAMA = "meta.llama3-1-8b-instruct-v1:0:128k"
SNS = f"com.amazonaws.{REGION}.sns"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/1234"
DENIED = NoAnswer(call="a:Get", fault="denied", message="no identity-based policy allows a:Get")
BY_ORGANIZATION = NoAnswer(
    call="a:Get",
    fault="organization",
    message="a:Get with an explicit deny in a service control policy",
)
THROTTLED = NoAnswer(call="a:Get", fault="throttled", message="Rate exceeded")
UNREACHABLE = NoAnswer(call="a:Get", fault="unreachable", message="Could not connect")

NEEDS = replace(
    fake_account.NEEDS,
    zones=(f"{REGION}a", f"{REGION}b", f"{REGION}c"),
    endpoints={BEDROCK: (f"{REGION}a", f"{REGION}b"), SNS: (f"{REGION}a", f"{REGION}b")},
    prefix_lists=("pl-63a5400a",),
)
FACTS = Facts(
    caller="arn:aws:sts::123456789012:assumed-role/Admin/ann",
    session_region=REGION,
    stacks={},
    bootstrap=30,
    models={NOVA: OfferedModel(lifecycle="ACTIVE", methods=("FINE_TUNING",))},
    quotas={each.code: 10.0 for each in QUOTAS},
    jobs=0,
    custom_models=0,
    concurrency=Concurrency(quota=1000, unreserved=1000),
    vpcs=1,
    zones=tuple(f"{REGION}{letter}" for letter in "abcdef"),
    services={name: tuple(f"{REGION}{letter}" for letter in "abcd") for name in (BEDROCK, SNS)},
    prefix_lists={LIST: "pl-63a5400a"},
    probes={"kms:DescribeKey": True, "bedrock:GetCustomModel": True},
    keys={KEY: "Enabled"},
    hooks=(),
    guardrails=(),
    invocation_log=None,
    own_log=None,
)
PROVISIONED_ONLY = replace(NEEDS, models={LLAMA: ("old",)}, methods={})
LLAMA_OFFERED = {LLAMA: OfferedModel(lifecycle="ACTIVE", methods=("FINE_TUNING",))}


def found(check, needs=NEEDS, **changed):
    """The findings of a check, when these facts are other than those of a sound account."""
    return [each for each in examine(needs, replace(FACTS, **changed)) if each.check == check]


def quotas(quota, value):
    return {**FACTS.quotas, quota.code: value}


def offered(**changed):
    return {NOVA: replace(FACTS.models[NOVA], **changed)}


def test_in_a_sound_account_every_line_is_ok():
    findings = examine(NEEDS, FACTS)
    assert {each.outcome for each in findings} == {"ok"} == {worst_prospect(findings)}
    assert not any(each.fix for each in findings)
    only_elsewhere = {"templates", "import_jobs", "imported_models", "guardrail"}
    assert {each.check for each in findings} == set(CHECKS) - only_elsewhere


WILL_FAIL = [
    (
        "credentials",
        {"caller": NoAnswer(call="sts", fault="credentials", message="none")},
        "Log in",
    ),
    ("region", {"session_region": "eu-west-1"}, "AWS_REGION=us-east-1"),
    ("region", {"session_region": None}, "AWS_REGION=us-east-1"),
    ("bootstrap", {"bootstrap": None}, "npx cdk bootstrap"),
    ("bootstrap", {"bootstrap": 5}, "npx cdk bootstrap"),
    ("stacks", {"stacks": {"dev-Storage": "ROLLBACK_COMPLETE"}}, "--no-enable-termination"),
    ("model", {"models": {NOVA: None}}, "base_model"),
    ("model", {"models": offered(lifecycle="LEGACY")}, "base_model"),
    ("model", {"models": offered(methods=("DISTILLATION",))}, "base_model"),
    ("model", {"models": offered(missing=("authorizationStatus",))}, "Ask for access"),
    (JOBS.check, {"quotas": quotas(JOBS, 0)}, "cannot be raised"),
    (CUSTOM_MODELS.check, {"custom_models": 10}, "L-CB5B847D"),
    (DEPLOYMENTS.check, {"quotas": quotas(DEPLOYMENTS, 0)}, "L-1EF80F3E"),
    (VPCS.check, {"vpcs": 10}, "L-F678F1CE"),
    ("zones", {"zones": (f"{REGION}a", f"{REGION}b")}, "zones=('a', 'b')"),
    ("endpoints", {"services": {BEDROCK: FACTS.services[BEDROCK]}}, "another Region"),
    (
        "endpoints",
        {"services": {**FACTS.services, SNS: (f"{REGION}b", f"{REGION}c")}},
        "endpoint_zones=('b', 'c')",
    ),
    ("prefix_lists", {"prefix_lists": {LIST: "pl-other"}}, "PREFIX_LISTS"),
    ("policies", {"probes": {"kms:DescribeKey": BY_ORGANIZATION}}, "organization's policies"),
    ("kms", {"keys": {KEY: "PendingDeletion"}}, "cancel-key-deletion"),
    ("kms", {"keys": {KEY: "Disabled"}}, "enable-key"),
    ("hooks", {"hooks": BY_ORGANIZATION}, "organization's policies"),
    ("guardrails", {"guardrails": BY_ORGANIZATION}, "organization's policies"),
    ("invocation_log", {"invocation_log": BY_ORGANIZATION}, "organization's policies"),
]


@pytest.mark.parametrize(("check", "changed", "fix"), WILL_FAIL)
def test_what_will_fail_says_so_and_what_to_do(check, changed, fix):
    bad = [each for each in found(check, **changed) if each.outcome == "will fail"]
    assert len(bad) == 1
    assert fix in bad[0].fix
    assert bad[0].why


UNASKED = {
    "bootstrap": "bootstrap",
    "stacks": "stacks",
    "customization_jobs": "jobs",
    "custom_models": "custom_models",
    "lambda_concurrency": "concurrency",
    "vpcs": "vpcs",
    "zones": "zones",
    "endpoints": "services",
    "prefix_lists": "prefix_lists",
    "kms": "keys",
    "hooks": "hooks",
    "guardrails": "guardrails",
    "invocation_log": "invocation_log",
}


@pytest.mark.parametrize("answer", [DENIED, THROTTLED, UNREACHABLE], ids=lambda a: a.fault)
@pytest.mark.parametrize(("check", "member"), UNASKED.items())
def test_what_is_not_answered_is_unknown_with_awss_words(check, member, answer):
    [finding] = found(check, **{member: answer})
    assert (finding.outcome, finding.why) == ("unknown", answer.message)
    assert finding.fix


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda q: q.check)
def test_a_quota_that_is_not_reported_is_unknown(quota):
    [finding] = found(quota.check, quotas=quotas(quota, DENIED))
    assert finding.outcome == "unknown"
    [finding] = found(quota.check, quotas=quotas(quota, BY_ORGANIZATION))
    assert finding.outcome == "will fail"


@pytest.mark.parametrize(
    ("check", "changed"),
    [
        ("credentials", {"caller": UNREACHABLE}),
        ("model", {"models": {NOVA: THROTTLED}}),
        ("model", {"models": offered(agreement="PENDING")}),
        ("stacks", {"stacks": {"dev-Network": "UPDATE_IN_PROGRESS"}}),
        ("stacks", {"stacks": {"dev-Storage": "CREATE_FAILED"}}),
        ("stacks", {"stacks": {"dev-Storage": "UPDATE_FAILED"}}),
        ("policies", {"probes": {"kms:DescribeKey": DENIED}}),
        ("policies", {"probes": {"kms:DescribeKey": False}}),
        ("hooks", {"hooks": ("AWS::ControlTower::Hook",)}),
    ],
)
def test_what_cannot_be_determined_is_unknown(check, changed):
    [finding] = found(check, **changed)
    assert finding.outcome == "unknown"
    assert finding.fix


@pytest.mark.parametrize(
    ("check", "changed", "said"),
    [
        (JOBS.check, {"jobs": 10}, "a run waits in the queue"),
        (VPCS.check, {"vpcs": 10, "stacks": {"dev-Network": "CREATE_COMPLETE"}}, "10 of 10"),
        ("stacks", {"stacks": {"dev-Network": "UPDATE_COMPLETE"}}, "1 of 3"),
        ("lambda_concurrency", {"concurrency": Concurrency(quota=10, unreserved=10)}, "throttled"),
        ("kms", {"keys": {}}, "none yet"),
        ("guardrails", {"guardrails": ("gr-1",)}, "gr-1"),
        ("invocation_log", {"invocation_log": "s3://logs"}, "s3://logs"),
    ],
)
def test_what_does_not_fail_is_ok_and_named(check, changed, said):
    [finding] = found(check, **changed)
    assert finding.outcome == "ok"
    assert said in finding.why


@pytest.mark.parametrize(
    ("reserved", "quota", "unreserved", "outcome"),
    [
        (110, 1000, 1000, "ok"),
        (900, 1000, 1000, "ok"),
        (901, 1000, 1000, "will fail"),
        (1, 10, 10, "will fail"),
        (110, 1000, 150, "unknown"),  # its own reservations may be among the others
    ],
)
def test_reservations_must_leave_what_lambda_keeps_unreserved(reserved, quota, unreserved, outcome):
    concurrency = Concurrency(quota=quota, unreserved=unreserved)
    needs = replace(NEEDS, reserved=reserved)
    [finding] = found("lambda_concurrency", needs, concurrency=concurrency)
    assert finding.outcome == outcome
    if outcome != "ok":
        assert "reserved_concurrency=None" in finding.fix


@pytest.mark.parametrize(("units", "outcome"), [(0, "will fail"), (1, "ok")])
def test_a_model_that_only_units_can_serve_needs_some_before_it_is_trained(units, outcome):
    given = {"quotas": quotas(MODEL_UNITS, units), "models": LLAMA_OFFERED}
    [finding] = found(MODEL_UNITS.check, PROVISIONED_ONLY, **given)
    assert finding.outcome == outcome
    if outcome == "will fail":
        assert LLAMA in finding.why


@pytest.mark.parametrize(("units", "outcome"), [(0, "will fail"), (1, "unknown"), (2, "ok")])
def test_a_candidate_is_evaluated_beside_what_is_live_so_that_one_more_unit_is_needed(
    units, outcome
):
    needs = replace(PROVISIONED_ONLY, provisioned=("support",))
    given = {"quotas": quotas(MODEL_UNITS, units), "models": LLAMA_OFFERED}
    [finding] = found(MODEL_UNITS.check, needs, **given)
    assert finding.outcome == outcome
    if outcome == "unknown":
        assert "2 are used while a candidate of support" in finding.why
        assert "L-BE77399C" in finding.fix


def test_no_units_are_no_matter_where_all_is_served_on_demand():
    [finding] = found(MODEL_UNITS.check, quotas=quotas(MODEL_UNITS, 0))
    assert finding.outcome == "ok"


def test_no_one_zone_with_all_services_is_said():
    services = {BEDROCK: (f"{REGION}a",), SNS: (f"{REGION}b",)}
    bad = found("endpoints", services=services)
    assert {each.subject for each in bad} == {BEDROCK, SNS}
    assert all("No zone has all services" in each.fix for each in bad)


def test_a_region_without_customization_fails_even_where_nobody_is_known():
    elsewhere = replace(NEEDS, region="eu-west-1")
    nobody = NoAnswer(call="sts", fault="credentials", message="none")
    for caller in (FACTS.caller, nobody):
        [finding] = found("region", elsewhere, caller=caller)
        assert finding.outcome == "will fail"
        assert "us-east-1, us-west-2" in finding.why


def test_what_was_not_synthesized_is_not_compared():
    bare = Needs.without_templates("dev", REGION)
    assert NOVA in bare.models
    models = dict.fromkeys(bare.models, FACTS.models[NOVA])
    findings = examine(bare, replace(FACTS, models=models))
    assert [each.check for each in findings if each.outcome != "ok"] == ["templates"]
    assert not {"zones", "endpoints", "prefix_lists"} & {each.check for each in findings}


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("… with an explicit deny in a service control policy", "organization"),
        ("… because no service control policy allows the s3:GetObject action", "organization"),
        ("… with an explicit deny in a resource control policy", "organization"),
        ("… because no identity-based policy allows the kms:DescribeKey action", "denied"),
        ("… because no permissions boundary allows the kms:DescribeKey action", "denied"),
        ("Access Denied", "denied"),
    ],
)
def test_a_denial_by_the_organization_is_recognised_by_awss_words(message, fault):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    assert fault_of_denial(message) == fault


LOGGING = replace(NEEDS, logs_prompts=True)
OURS = "log group dev-Network-InvocationLogGroup-1"


@pytest.mark.parametrize(
    ("log", "own", "outcome", "said"),
    [
        (None, None, "ok", "deploying switches it on, for whatever anybody in the account asks"),
        (OURS, OURS, "ok", "everybody in the account"),
        ("s3://theirs", None, "will fail", "s3://theirs, and log_account_prompts overwrites none"),
        ("s3://theirs", OURS, "will fail", "s3://theirs, and log_account_prompts overwrites none"),
        (f"s3://theirs and {OURS}", OURS, "will fail", "overwrites none"),
    ],
)
def test_an_environment_that_asks_for_the_accounts_log_hears_whose_there_is(
    log, own, outcome, said
):
    [finding] = found("invocation_log", LOGGING, invocation_log=log, own_log=own)
    assert finding.outcome == outcome
    assert said in finding.why
    assert ("delete-model-invocation-logging" in finding.fix) is (outcome == "will fail")


@pytest.mark.parametrize(("log", "outcome"), [(OURS, "unknown"), (None, "ok")])
def test_whose_log_it_is_matters_where_there_is_one(log, outcome):
    [finding] = found("invocation_log", LOGGING, invocation_log=log, own_log=DENIED)
    assert finding.outcome == outcome


def test_an_environment_that_does_not_ask_for_the_log_does_not_care_whose_there_is():
    [finding] = found("invocation_log", invocation_log=OURS, own_log=DENIED)
    assert finding.outcome == "ok"
