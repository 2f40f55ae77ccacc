"""The guard stops foreign jobs, notifies of each, and lets none hide another."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectTimeoutError
from fake_aws import refusal
from recipe_refusal_cases import exceptions

from lambdas import guard_jobs
from tuning.aws import clients

ROLE = "arn:aws:iam::123456789012:role/JobRole"
TOPIC = "arn:aws:sns:us-east-1:123456789012:Notices"
ENVIRONMENT = {
    "ENVIRONMENT": "dev",
    "JOB_ROLE_ARN": ROLE,
    "JOB_SUBNET_IDS": "subnet-0a1,subnet-0b2",
    "JOB_SECURITY_GROUP_IDS": "sg-0c3",
    "MODEL_KEY_ARN": "arn:aws:kms:us-east-1:123456789012:key/1",
    "GUARDED_BUCKETS": "datasets,prepared,artifacts",
    "GUARD_ALL_JOBS": "no",
    "NOTICES_TOPIC_ARN": TOPIC,
}


class Bedrock:
    exceptions = exceptions("ConflictException", "ResourceNotFoundException", "ValidationException")

    def __init__(self):
        self.jobs, self.stopped, self.faults, self.asked = {}, [], {}, None
        self.keys = {}

    def add(self, name, **given):
        private = {"subnetIds": ["subnet-0a1"], "securityGroupIds": ["sg-0c3"]}
        job = {"jobArn": name, "jobName": name, "status": "InProgress", "roleArn": ROLE}
        job |= {"vpcConfig": private, "outputModelKmsKeyArn": ENVIRONMENT["MODEL_KEY_ARN"]}
        self.jobs[name] = job | given

    def get_paginator(self, operation):
        assert operation == "list_model_customization_jobs"
        return self

    def paginate(self, **query):
        """One job a page, by its place among those in progress: who stops jobs while he turns pages
        passes over others.
        """
        self.asked, place = query, 0
        while place < len(left := [n for n, j in self.jobs.items() if j["status"] == "InProgress"]):
            yield {"modelCustomizationJobSummaries": [self.jobs[left[place]]]}
            place += 1
        yield {"modelCustomizationJobSummaries": []}

    def get_model_customization_job(self, *, jobIdentifier):  # noqa: N803 — AWS's names
        if fault := self.faults.get(("get", jobIdentifier)):
            raise fault
        return self.jobs[jobIdentifier]

    def get_custom_model(self, *, modelIdentifier):  # noqa: N803 — AWS's names
        return {"modelKmsKeyArn": self.keys[modelIdentifier]}

    def stop_model_customization_job(self, *, jobIdentifier):  # noqa: N803 — AWS's names
        if fault := self.faults.get(("stop", jobIdentifier)):
            raise fault
        self.stopped.append(jobIdentifier)
        self.jobs[jobIdentifier]["status"] = "Stopping"


@pytest.fixture
def world(monkeypatch):
    notices = []
    sns = SimpleNamespace(publish=lambda **notice: notices.append(notice))
    fakes = SimpleNamespace(bedrock=Bedrock(), sns=sns, notices=notices)
    monkeypatch.setattr(clients, "create", lambda service, _region: getattr(fakes, service))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    guard_jobs._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
    return fakes


def test_a_foreign_job_is_stopped_and_reported_with_its_reason(world, context):
    world.bedrock.add("private")
    world.bedrock.add("bare", vpcConfig=None)
    assert guard_jobs.handler({}, context) == {"stopped": ["bare"]}
    assert world.bedrock.stopped == ["bare"]
    (notice,) = world.notices
    assert notice["TopicArn"] == TOPIC
    assert "bare" in notice["Subject"]
    assert "has no vpcConfig" in notice["Message"]
    assert world.bedrock.asked == {"statusEquals": "InProgress"}


def test_a_job_that_completed_without_our_key_is_reported_by_its_event(world, context):
    """While it was in progress, nobody could tell."""
    world.bedrock.add("keyless", outputModelKmsKeyArn=None)
    world.bedrock.add("ours", status="Completed")
    assert guard_jobs.handler({}, context) == {"stopped": []}
    world.bedrock.jobs["keyless"]["status"] = "Completed"
    for name in ("keyless", "ours"):
        event = {"detail": {"jobArn": name, "jobStatus": "Completed"}}
        assert guard_jobs.handler(event, context) == {"stopped": []}
    (notice,) = world.notices
    assert "not encrypt its model with a key of this platform" in notice["Message"]
    assert "had already completed, and was not stopped" in notice["Message"]


def test_every_foreign_job_of_every_page_is_stopped(world, context):
    names = [f"bare-{number}" for number in range(12)]
    for name in names:
        world.bedrock.add(name, vpcConfig=None)
    assert guard_jobs.handler({}, context) == {"stopped": names}
    assert len(world.notices) == 12


@pytest.mark.parametrize("call", ["get", "stop"])
@pytest.mark.parametrize(
    "fault",
    [
        refusal("AccessDeniedException"),
        ConnectTimeoutError(endpoint_url="bedrock"),
        KeyError("status"),
    ],
)
def test_a_job_that_makes_trouble_hides_no_other(world, context, call, fault):
    for name in ("first", "second", "third"):
        world.bedrock.add(name, vpcConfig=None)
    world.bedrock.faults[call, "first"] = fault
    with pytest.raises(guard_jobs.NotGuarded, match=r"^first$"):
        guard_jobs.handler({}, context)
    assert world.bedrock.stopped == ["second", "third"]


def test_a_job_is_stopped_and_reported_once(world, context):
    world.bedrock.add("bare", vpcConfig=None)
    for _ in range(3):
        guard_jobs.handler({}, context)
    assert (len(world.bedrock.stopped), len(world.notices)) == (1, 1)


def test_a_job_that_ended_meanwhile_is_reported_all_the_same(world, context):
    world.bedrock.add("quick", vpcConfig=None)
    world.bedrock.faults["stop", "quick"] = refusal("ConflictException")
    guard_jobs.handler({}, context)
    assert "could not be stopped any more" in world.notices[0]["Message"]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Failed"])
def test_a_job_that_ends_by_itself_before_it_is_read_is_no_news(
    world, context, monkeypatch, status
):
    world.bedrock.add("bare", vpcConfig=None)
    ended = dict(world.bedrock.jobs["bare"], status=status)
    monkeypatch.setattr(world.bedrock, "get_model_customization_job", lambda **_: ended)
    assert guard_jobs.handler({}, context) == {"stopped": []}
    assert (world.bedrock.stopped, world.notices) == ([], [])


def test_what_was_stopped_is_counted_and_logged(world, context, log):
    world.bedrock.add("bare", vpcConfig=None)
    guard_jobs.handler({}, context)
    lines = log()
    assert any(line.get("ForeignJobs") == [1.0] for line in lines)
    assert any(line.get("job_arn") == "bare" and "reason" in line for line in lines)


def test_a_job_that_goes_on_training_a_model_of_ours_is_stopped(world, context):
    base = "arn:aws:bedrock:us-east-1:123456789012:custom-model/nova/abc"
    world.bedrock.keys[base] = ENVIRONMENT["MODEL_KEY_ARN"]
    world.bedrock.add(
        "a", roleArn="other", vpcConfig=None, outputModelKmsKeyArn=None, baseModelArn=base
    )
    assert guard_jobs.handler({}, context) == {"stopped": ["a"]}
    assert "a custom model of this platform" in world.notices[0]["Message"]
