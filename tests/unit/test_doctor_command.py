"""`tuning doctor` as a person runs it: lines, one document, exit codes; never a traceback."""

import json
from functools import partial

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from fake_account import FakeAccount, absent
from recipe_refusal_cases import refusal
from test_needs import assembly

from tuning.aws import clients


@pytest.fixture
def account(monkeypatch, tmp_path):
    """A sound account with a synthesized environment at hand; AWS's variables are those of a shell."""
    found = FakeAccount()
    found.clients = []

    def create(service, region, profile=None):
        found.clients.append((region, profile))
        return found.client(service)

    monkeypatch.setattr(clients, "create", create)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.chdir(tmp_path)
    assembly(tmp_path / "cdk.out")
    found.answers["ec2", "describe_availability_zones"] = {
        "AvailabilityZones": [
            {"ZoneName": f"us-east-1{letter}", "State": "available"} for letter in "ab"
        ]
    }
    found.answers["ec2", "describe_vpc_endpoint_services"] = {
        "ServiceDetails": [
            {"ServiceName": "com.amazonaws.us-east-1.sns", "AvailabilityZones": ["us-east-1a"]},
            {"ServiceName": "com.amazonaws.us-east-1.lambda", "AvailabilityZones": ["us-east-1b"]},
        ]
    }
    lists = [{"PrefixListName": n, "PrefixListId": n} for n in ("pl-1", "pl-2")]
    found.answers["ec2", "describe_managed_prefix_lists"] = {"PrefixLists": lists}
    found.answers["bedrock", "list_imported_models"] = {"modelSummaries": []}
    return found


@pytest.fixture
def doctor(typed):
    return partial(typed, "doctor")


def test_exit_0_when_every_line_is_ok(account, doctor):
    code, out, _ = doctor()
    assert code == 0
    assert account.clients[0] == ("us-east-1", None)
    assert (
        "Nothing is known that will fail. Next: npx cdk deploy 'dev/*' --no-rollback, then" in out
    )
    assert all(line.startswith("ok ") for line in out.splitlines()[2:-2])


def test_what_is_deployed_is_tried_next(account, doctor):
    account.answers["cloudformation", "describe_stacks"] = {
        "Stacks": [{"StackStatus": "CREATE_COMPLETE"}]
    }
    account.answers["cloudformation", "list_stack_resources"] = {"StackResourceSummaries": []}
    _, out, _ = doctor()
    assert "Next: tuning canary, or npx cdk deploy 'dev/*' if you changed something." in out


def test_exit_1_when_a_line_will_fail(account, doctor):
    account.answers["ssm", "get_parameter"] = absent("ParameterNotFound")
    account.answers["lambda", "get_account_settings"] = refusal("AccessDenied", "G", 403)
    code, out, _ = doctor()
    assert code == 1
    assert "1 will fail; 1 could not be determined" in out
    assert "Fix: Run npx cdk bootstrap" in out


def test_exit_3_when_not_all_could_be_asked(account, doctor):
    account.answers["lambda", "get_account_settings"] = refusal("ThrottlingException", "G", 400)
    code, out, _ = doctor()
    assert code == 3
    assert "Nothing is known to fail, but 1 could not be determined." in out


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="https://nowhere")]
)
def test_exit_3_when_nobody_could_be_asked(account, doctor, error):
    account.answers["sts", "get_caller_identity"] = error
    code, out, _ = doctor()
    assert code == 3
    assert "Credentials" in out
    assert "Fix:" in out


def test_exit_2_when_it_is_used_wrongly(account, doctor):
    assert doctor("--environment", "none")[0] == 2
    assert doctor("--assembly", "nowhere")[0] == 2
    assert doctor("--format", "xml")[0] == 2
    assert account.asked == []


def test_one_document_for_programs(account, doctor):
    account.answers["ssm", "get_parameter"] = absent("ParameterNotFound")
    code, out, err = doctor("--format", "json")
    reported = json.loads(out)
    assert (code, err) == (1, "")
    assert (reported["environment"], reported["region"], reported["verdict"]) == (
        "dev",
        "us-east-1",
        "will fail",
    )
    assert reported["counts"]["will fail"] == 1
    [bad] = [each for each in reported["findings"] if each["outcome"] == "will fail"]
    assert {"check", "subject", "outcome", "why", "fix"} == set(bad)
    assert bad["check"] == "bootstrap"


def test_the_profile_is_passed_on(account, doctor, monkeypatch):
    monkeypatch.setattr("tuning.aws.account_facts.chosen_region", lambda _profile: "us-east-1")
    assert doctor("--profile", "audit")[0] == 0
    assert account.clients[0] == ("us-east-1", "audit")


def test_another_region_than_the_environments_is_a_line(account, doctor):
    code, out, _ = doctor("--region", "eu-west-1")
    assert code == 1
    assert account.clients[0][0] == "us-east-1", "the environment's own is looked at"
    assert "your commands go to eu-west-1" in out


@pytest.mark.usefixtures("account")
def test_without_templates_the_account_is_looked_at_all_the_same(doctor, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, out, _ = doctor()
    assert code == 3
    assert "Templates" in out
    assert "Run make synth" in out


@pytest.mark.usefixtures("account")
def test_no_region_at_all_is_a_line(doctor, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    code, out, _ = doctor()
    assert code == 1
    assert "no Region is named" in out


@pytest.mark.usefixtures("real_clients")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_PROFILE", "none", "The config profile (none) could not be found"),
        ("AWS_ENDPOINT_URL", "nowhere", "nowhere"),
        ("AWS_REGION", "Mars!", "Mars!"),
        ("AWS_CONFIG_FILE", "broken", "Unable to parse config file"),
    ],
)
def test_broken_settings_of_aws_are_reported_in_a_line(
    doctor, monkeypatch, tmp_path, name, value, said
):
    """botocore's own words; no call is made."""
    (tmp_path / "broken").write_text("this is no [configuration")
    monkeypatch.chdir(tmp_path)
    for each in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv(name, value)
    code, out, err = doctor()
    assert code == 3
    assert said in out + err
