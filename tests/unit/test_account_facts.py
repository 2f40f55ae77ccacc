"""What the doctor asks of an account, and what it makes of AWS's answers: without one, there is a reason."""

import re
from dataclasses import replace

import pytest
from botocore.exceptions import (
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.session import get_session
from fake_account import NEEDS, NOVA, REGION, FakeAccount, absent
from recipe_refusal_cases import refusal

from tuning.aws.account_facts import Questions
from tuning.aws.probes import probes
from tuning.preflight.examination import examine
from tuning.preflight.facts import Concurrency, NoAnswer
from tuning.preflight.finding import worst_prospect
from tuning.preflight.quotas import IMPORT_JOBS, IMPORTED_MODELS


@pytest.fixture
def account():
    return FakeAccount()


def facts(account):
    return Questions(client=account.client, needs=NEEDS).facts(session_region="us-east-1")


def test_a_sound_account_is_ok_in_every_line(account):
    reported = facts(account)
    assert reported.concurrency == Concurrency(quota=1000, unreserved=1000)
    assert (reported.custom_models, reported.jobs, reported.vpcs, reported.bootstrap) == (
        2,
        0,
        1,
        30,
    )
    assert reported.zones == ("us-east-1a",)
    assert set(reported.probes.values()) == {True}
    assert worst_prospect(examine(NEEDS, reported)) == "ok"


def test_no_question_makes_or_changes_anything(account):
    facts(account)
    reading = re.compile(r"(get|list|describe)_")
    assert [name for _, name, _ in account.asked if not reading.match(name)] == []


def test_what_is_not_there_is_an_answer(account):
    account.answers["ssm", "get_parameter"] = absent("ParameterNotFound")
    account.answers["bedrock", "get_foundation_model"] = absent("ResourceNotFoundException")
    reported = facts(account)
    assert reported.bootstrap is None
    assert reported.models == {NOVA: None}
    assert reported.stacks == {}


def test_a_quota_that_was_never_changed_is_the_default(account):
    account.answers["service-quotas", "get_service_quota"] = absent("NoSuchResourceException")
    default = ("service-quotas", "get_aws_default_service_quota")
    account.answers[default] = {"Quota": {"Value": 7}}
    assert set(facts(account).quotas.values()) == {7.0}


def test_availability_is_asked_of_the_base_model_where_the_id_of_jobs_is_not_known(account):
    known = account.answers["bedrock", "get_foundation_model_availability"]

    def only_the_base(*, modelId):  # noqa: N803 — AWS's name
        return known if modelId == "amazon.nova-micro-v1:0" else absent("ValidationException")

    account.answers["bedrock", "get_foundation_model_availability"] = only_the_base
    assert facts(account).models[NOVA].missing == ()


def test_availability_that_could_not_be_asked_is_not_asked_of_the_base_model(account):
    known = account.answers["bedrock", "get_foundation_model_availability"]

    def throttled(*, modelId):  # noqa: N803 — AWS's name
        return absent("ThrottlingException") if modelId == NOVA else known

    account.answers["bedrock", "get_foundation_model_availability"] = throttled
    assert facts(account).models[NOVA].fault == "throttled"


def test_custom_models_that_others_share_do_not_count(account):
    def models(*, isOwned):  # noqa: N803 — AWS's name
        return {"modelSummaries": [{}] if isOwned else [{}, {}, {}]}

    account.answers["bedrock", "list_custom_models"] = models
    assert facts(account).custom_models == 1


def test_what_does_not_exist_is_looked_for_in_the_callers_account(account):
    facts(account)
    asked = [str(given) for _, _, given in account.asked if "arn:aws:" in str(given)]
    assert {f":{REGION}:123456789012:" in each for each in asked} == {True}


def test_what_the_account_lacks_is_named(account):
    access = account.answers["bedrock", "get_foundation_model_availability"]
    access |= {"authorizationStatus": "NOT_AUTHORIZED", "regionAvailability": "NOT_AVAILABLE"}
    assert facts(account).models[NOVA].missing == ("authorizationStatus", "regionAvailability")


def test_keys_of_deployed_stacks_are_looked_at(account):
    account.answers["cloudformation", "describe_stacks"] = {
        "Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]
    }
    resources = [
        {"ResourceType": "AWS::KMS::Key", "PhysicalResourceId": "k"},
        {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "b"},
    ]
    account.answers["cloudformation", "list_stack_resources"] = {
        "StackResourceSummaries": resources
    }

    def key(*, KeyId):  # noqa: N803 — AWS's name
        if KeyId != "k":
            return absent("NotFoundException")
        return {"KeyMetadata": {"Arn": "arn:k", "KeyState": "PendingDeletion"}}

    account.answers["kms", "describe_key"] = key
    reported = facts(account)
    assert reported.keys == {"arn:k": "PendingDeletion"}
    assert reported.own_log is None
    assert reported.stacks == dict.fromkeys(NEEDS.stacks, "UPDATE_COMPLETE")


def test_the_log_that_the_environment_has_set_up_is_known_by_its_group(account):
    account.answers["cloudformation", "describe_stacks"] = {
        "Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]
    }
    account.answers["cloudformation", "list_stack_resources"] = {
        "StackResourceSummaries": [
            {"ResourceType": "AWS::Logs::LogGroup", "PhysicalResourceId": "other"},
            {"ResourceType": "Custom::ModelInvocationLog", "PhysicalResourceId": "ours"},
        ]
    }
    account.answers["bedrock", "get_model_invocation_logging_configuration"] = {
        "loggingConfig": {"cloudWatchConfig": {"logGroupName": "ours"}}
    }
    reported = facts(account)
    assert reported.own_log == reported.invocation_log == "log group ours"


def test_what_others_have_set_up_is_named(account):
    account.answers["cloudformation", "list_types"] = {
        "TypeSummaries": [{"TypeName": "A::B::Hook"}]
    }
    account.answers["bedrock", "list_enforced_guardrails_configuration"] = {
        "guardrailsConfig": [{"guardrailId": "gr-1"}]
    }
    account.answers["bedrock", "get_model_invocation_logging_configuration"] = {
        "loggingConfig": {
            "s3Config": {"bucketName": "logs"},
            "cloudWatchConfig": {"logGroupName": "g"},
        }
    }
    reported = facts(account)
    assert set(reported.hooks) == {"A::B::Hook"}
    assert reported.guardrails == ("gr-1",)
    assert reported.invocation_log == "s3://logs and log group g"


OPERATIONS = sorted({key for key in FakeAccount().answers if key[0] != "sts"})
SCP = "User: ann is not authorized to perform: it with an explicit deny in a service control policy"
FAULTS = {
    "denied": refusal(
        "AccessDeniedException", "Get", 403, message="no identity-based policy allows it"
    ),
    "organization": refusal("AccessDenied", "Get", 403, message=SCP),
    "throttled": refusal("ThrottlingException", "Get", 400, message="Rate exceeded"),
    "unreachable": EndpointConnectionError(endpoint_url="https://nowhere"),
    "refused": refusal("OptInRequired", "Get", 400, message="not signed up"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_any_call_may_fail_in_any_way_and_gives_a_line(account, service, operation, fault):
    account.answers[service, operation] = FAULTS[fault]
    bad = [each for each in examine(NEEDS, facts(account)) if each.outcome != "ok"]
    assert bad
    expected = "will fail" if fault == "organization" else "unknown"
    assert {each.outcome for each in bad} == {expected}
    assert all(each.fix for each in bad)


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        ProfileNotFound(profile="p"),
        CredentialRetrievalError(provider="sso", error_msg="expired"),
        refusal("ExpiredToken", "GetCallerIdentity", 403, message="expired"),
        refusal("InvalidClientTokenId", "GetCallerIdentity", 403, message="invalid"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_credentials_nothing_else_is_asked(account, error):
    account.answers["sts", "get_caller_identity"] = error
    reported = facts(account)
    assert isinstance(reported.caller, NoAnswer)
    assert reported.caller.fault == "credentials"
    assert [operation for _, operation, _ in account.asked] == ["get_caller_identity"]
    [finding] = examine(NEEDS, reported)
    assert finding.outcome == "will fail"


def test_what_answers_everything_proves_nothing():
    """A proxy, or an emulator that is kinder than AWS."""

    class Kind:
        def __getattr__(self, _operation):
            return lambda **_: {}

    for probe in probes("us-east-1", "123456789012"):
        assert probe.ask(lambda _service: Kind()) is False


@pytest.mark.thorough
def test_what_is_asked_about_has_a_name_that_the_service_takes():
    """As botocore's models have it: of another, a service might say that it is invalid, not absent."""
    loader = get_session().get_component("data_loader")
    for probe in probes("us-east-1", "123456789012"):
        model = loader.load_service_model(probe.service, "service-2")
        operations = {name.lower(): each for name, each in model["operations"].items()}
        asked = operations[probe.operation.replace("_", "")]["input"]["shape"]
        for name, value in probe.arguments.items():
            shape = model["shapes"][asked]["members"][name]["shape"]
            pattern = model["shapes"][shape].get("pattern", ".*")
            assert re.fullmatch(pattern, value), probe.operation


def test_what_may_be_imported_is_asked_where_a_recipe_imports(account):
    account.answers["bedrock", "list_imported_models"] = {"modelSummaries": [{}, {}]}
    importing = replace(NEEDS, imports=("llama",))
    found = Questions(client=account.client, needs=importing).facts(session_region="us-east-1")
    assert found.imported_models == 2
    assert {IMPORT_JOBS.code, IMPORTED_MODELS.code} <= set(found.quotas)
    assert not {IMPORT_JOBS.code, IMPORTED_MODELS.code} & set(facts(account).quotas)
