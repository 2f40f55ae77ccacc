"""docs/first-deployment.md, lived in both profiles: the doctor, the deployment, the canary, word by word."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from stages import ESTABLISHED, running

from emulator.deploy import Deployer
from emulator.emulator_settings import NEW_ACCOUNT

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/first-deployment.md"
PACE = {"phase_seconds": 0.1, "wait_scale": 0.002, "role_seconds": 3}
VARIES = (
    (re.compile(r"\b[0-9a-f]{32}\b"), "RUN"),
    (re.compile(r"(?<=:0:128k/)[a-z0-9]{12}\b"), "ID"),
)
"""What is another at each run: ids of runs, jobs and models."""


def shown(name):
    """The output that the page shows under that name, without its command."""
    text = PAGE.read_text("utf-8")
    [block] = re.findall(
        rf"<!-- output: {name} -->\n```console\n\$ [^\n]+\n(.*?)```", text, re.DOTALL
    )
    return alike(block)


def alike(text):
    for varies, same in VARIES:
        text = varies.sub(same, text)
    return [line.rstrip() for line in text.strip().splitlines()]


class Account:
    def __init__(self, instance, assembly):
        self.instance, self.assembly = instance, assembly
        self.deployer = Deployer(instance=instance, say=lambda _line: None, app=str(assembly))
        if not assembly.exists():
            Deployer(instance=instance, say=lambda _line: None).synthesize(assembly)

    def tuning(self, *arguments, **environment):
        command = [sys.executable, "-m", "tuning", *arguments]
        return subprocess.run(  # noqa: S603 — our own words
            command,
            env=os.environ | self.instance.client_environment() | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def doctor(self, *arguments, **environment):
        return self.tuning("doctor", "--assembly", str(self.assembly), *arguments, **environment)

    @cache  # noqa: B019 — one account a test session
    def deployed(self):
        self.deployer.bootstrap(["us-east-1"])
        self.examined = self.doctor()
        return self.deployer.deploy(["dev/*"])["dev-Training"]


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """What the doctor reads and both accounts deploy; synthesized with the first of them."""
    return tmp_path_factory.mktemp("synthesized") / "cdk.out"


@pytest.fixture(scope="module", params=["normal", "new-account"])
def profile(request):
    return request.param


@pytest.fixture(scope="module")
def account(profile, assembly):
    quotas = NEW_ACCOUNT if profile == "new-account" else ESTABLISHED
    with running(**PACE, **quotas, enforce=True) as instance:
        yield Account(instance, assembly)


def test_the_doctor_names_what_is_missing_before_the_bootstrap(account):
    done = account.doctor("--format", "json")
    assert done.returncode == 1, done.stderr
    reported = json.loads(done.stdout)
    assert [f["check"] for f in reported["findings"] if f["outcome"] != "ok"] == ["bootstrap"]


def test_the_doctor_says_what_the_page_shows(account, profile):
    account.deployed()
    assert account.examined.returncode == 0, account.examined.stdout
    assert alike(account.examined.stdout) == shown(f"doctor, {profile}")


def test_what_the_doctor_finds_sound_is_deployed_and_still_sound(account):
    account.deployed()
    done = account.doctor("--format", "json")
    assert done.returncode == 0, done.stdout
    why = {finding["check"]: finding["why"] for finding in json.loads(done.stdout)["findings"]}
    assert why["stacks"] == "3 of 3 are deployed"
    assert re.fullmatch(r"\d of this environment, enabled", why["kms"])


def test_the_canary_says_what_the_page_shows(account, profile):
    account.deployed()
    done = account.tuning("canary", "--every", "0.2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert alike(done.stdout) == shown(f"canary, {profile}")
    models = account.deployer.client("bedrock").list_custom_models()["modelSummaries"]
    assert models == [], "the canary's model is deleted"


def test_the_second_environment_is_deployed_beside_the_first_and_trains(account):
    account.deployed()
    stacks = account.deployer.deploy(["prod/*"])
    assert sorted(stacks) == ["prod-Network", "prod-Storage", "prod-Training"]
    formation = account.deployer.client("cloudformation")
    found = {stack["StackName"]: stack for stack in formation.describe_stacks()["Stacks"]}
    states = {name: found[name]["StackStatus"] for name in stacks}
    assert set(states.values()) == {"CREATE_COMPLETE"}, states
    assert [n for n in sorted(stacks) if found[n].get("EnableTerminationProtection")] == [
        "prod-Storage"
    ]
    examined = account.doctor("--environment", "prod", "--format", "json")
    assert examined.returncode == 0, examined.stdout
    done = account.tuning("canary", "--environment", "prod", "--every", "0.2")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_canary_names_the_switch_for_words_that_are_known(account):
    account.deployed()
    words = "The communication between worker nodes and leader node is broken."
    account.instance.add_fault(kind="fail", phase="Training", message=words, jobs="canary-*")
    try:
        done = account.tuning("canary", "--every", "0.2", "--format", "json")
    finally:
        account.instance.clear_faults()
    assert done.returncode == 1, done.stderr
    reported = json.loads(done.stdout)
    assert (reported["kind"], reported["switch"]) == ("nodes_cannot_talk", "job_nodes_talk=True")
    assert words in reported["why"]
    reached = {stage["name"]: stage["reached"] for stage in reported["stages"]}
    assert (reached["Job created"], reached["Model trained"]) == ("ok", "failed")


def test_reservations_that_a_new_account_refuses_are_reported_before(account, profile, tmp_path):
    """The template that would be refused is named by the one line to change."""
    changed = tmp_path / "cdk.out"
    changed.mkdir()
    for file in account.assembly.iterdir():
        if file.is_file():
            (changed / file.name).write_bytes(file.read_bytes())
    for template in changed.glob("devTraining*.template.json"):
        document = json.loads(template.read_text("utf-8"))
        for resource in document["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["ReservedConcurrentExecutions"] = 10
        template.write_text(json.dumps(document), encoding="utf-8")
    done = account.tuning("doctor", "--assembly", str(changed), "--format", "json")
    [reported] = [
        each
        for each in json.loads(done.stdout)["findings"]
        if each["check"] == "lambda_concurrency"
    ]
    expected = "will fail" if profile == "new-account" else "ok"
    assert reported["outcome"] == expected
    assert ("reserved_concurrency=None" in reported["fix"]) is (profile == "new-account")


def test_every_question_is_answered_as_aws_answers_it(account):
    """What does not exist is said not to exist, by each service's own code."""
    done = account.doctor("--format", "json")
    [reported] = [
        each for each in json.loads(done.stdout)["findings"] if each["check"] == "policies"
    ]
    assert reported["outcome"] == "ok"
    services = "backup bedrock dynamodb events iam kms lambda s3 sns sqs states"
    assert reported["why"].rpartition(": ")[2] == services.replace(" ", ", ")


def test_a_caller_without_rights_is_shown_what_could_not_be_asked(account):
    iam = account.deployer.client("iam")
    name = "nobody"
    if name not in [user["UserName"] for user in iam.list_users()["Users"]]:
        iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    done = account.doctor(
        "--format",
        "json",
        AWS_ACCESS_KEY_ID=key["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )
    assert done.returncode == 3, done.stdout + done.stderr
    findings = json.loads(done.stdout)["findings"]
    assert {each["outcome"] for each in findings} == {"ok", "unknown"}
    unknown = [each for each in findings if each["outcome"] == "unknown"]
    assert len(unknown) > 20
    assert all("Run it as somebody who may" in each["fix"] for each in unknown)


@pytest.mark.parametrize(
    ("environment", "code", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, 3, "Credentials"),
        ({"AWS_REGION": "eu-west-1"}, 1, "AWS_REGION=us-east-1"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, 3, "Could not connect"),
    ],
)
def test_what_is_wrong_with_the_shell_is_a_line(account, environment, code, words):
    done = account.doctor(**environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
