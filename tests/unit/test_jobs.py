"""The request that starts a job, and what the answers about it mean."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from bedrock_model import complaints, shape
from domain_builders import ARTIFACTS, JOB_ROLE, MODEL_KEY, any_recipe, any_run, any_run_settings

from tuning.catalog import catalog
from tuning.jobs import is_ours, progress, request
from tuning.recipes import Limits

TRAINING = f"s3://prepared-bucket/prepared/{'a' * 64}/train.jsonl"
VALIDATION = f"s3://prepared-bucket/prepared/{'b' * 64}/validation.jsonl"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LIMITS = Limits(max_hours=24, stall_hours=6)


def any_request(*, recipe=None, validation_uri=None):
    run = any_run(recipe=recipe)
    return request(run, any_run_settings(), training_uri=TRAINING, validation_uri=validation_uri)


@pytest.mark.parametrize("validation_uri", [None, VALIDATION], ids=["without", "with validation"])
@pytest.mark.parametrize(
    "model", [m.id for m in catalog().models.values() if "FINE_TUNING" in m.methods]
)
def test_aws_has_nothing_against_the_request(model, validation_uri):
    numbers = {"epochCount": 2, "learningRate": 1e-5, "learningRateWarmupSteps": 0}
    recipe = any_recipe(base_model=model, hyperparameters=numbers)
    arguments = any_request(recipe=recipe, validation_uri=validation_uri)
    assert complaints(arguments, shape("CreateModelCustomizationJob")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"jobName": "bad name!"}, id="pattern"),
        pytest.param({"customizationType": "FINE_TUNE"}, id="enumeration"),
        pytest.param(
            {"vpcConfig": {"subnets": ["s"], "securityGroups": ["g"]}}, id="the docs' keys"
        ),
        pytest.param({"vpcConfig": {"subnetIds": ["a"] * 17, "securityGroupIds": ["g"]}}, id="17"),
        pytest.param({"trainingDataConfig": {"s3Uri": "s3://bucket/dt=1/x"}}, id="hive prefix"),
        pytest.param(
            {"outputDataConfig": {"s3Uri": "s3://bkt/", "kmsKeyId": "k"}}, id="output key"
        ),
        pytest.param({"hyperParameters": {"epochCount": 2}}, id="number as number"),
    ],
)
def test_aws_would_have_something_against_these(wrong):
    assert complaints(any_request() | wrong, shape("CreateModelCustomizationJob"))


def test_a_job_always_runs_in_our_network_under_our_key_and_role():
    arguments = any_request()
    assert arguments["vpcConfig"] == {
        "subnetIds": ["subnet-0a1", "subnet-0b2"],
        "securityGroupIds": ["sg-0c3"],
    }
    assert arguments["customModelKmsKeyId"] == MODEL_KEY
    assert arguments["roleArn"] == JOB_ROLE


def test_the_output_lies_under_the_run_and_has_no_key_of_its_own():
    run = any_run()
    assert any_request()["outputDataConfig"] == {"s3Uri": f"s3://{ARTIFACTS}/jobs/{run.id}/"}


def test_job_and_model_say_where_they_come_from():
    arguments = any_request()
    tags = {tag["key"]: tag["value"] for tag in arguments["jobTags"]}
    assert tags == {"environment": "dev", "recipe": "support", "run": any_run().id}
    assert arguments["customModelTags"] == arguments["jobTags"]


def test_a_second_try_sends_the_same_request_with_the_same_token():
    assert any_request() == any_request()
    assert any_request()["clientRequestToken"] == any_run().request_token


def test_without_a_validation_set_none_is_named():
    assert "validationDataConfig" not in any_request()
    named = any_request(validation_uri=VALIDATION)["validationDataConfig"]
    assert named == {"validators": [{"s3Uri": VALIDATION}]}


def a_job(status, **details):
    """A job created an hour ago that has not moved since, unless `details` says otherwise."""
    return {"status": status, "creationTime": NOW - timedelta(hours=1), **details}


def phases(**statuses):
    hour_ago = NOW - timedelta(hours=1)
    return {
        f"{name}Details": {"status": status, "lastModifiedTime": hour_ago}
        for name, status in statuses.items()
    }


VALIDATING = phases(validation="InProgress", dataProcessing="NotStarted", training="NotStarted")
PROCESSING = phases(validation="Completed", dataProcessing="InProgress", training="NotStarted")
TRAINED = phases(validation="Completed", dataProcessing="Completed", training="Completed")

LOOKS = [
    pytest.param(a_job("InProgress"), "in_progress", "Validation", id="just created"),
    pytest.param(
        a_job("InProgress", statusDetails=VALIDATING), "in_progress", "Validation", id="validating"
    ),
    pytest.param(
        a_job("InProgress", statusDetails=PROCESSING),
        *("in_progress", "DataProcessing"),
        id="processing",
    ),
    pytest.param(a_job("Stopping"), "in_progress", "Validation", id="stopping is not stopped"),
    pytest.param(a_job("Stopped", statusDetails=PROCESSING), "stopped", "DataProcessing"),
    pytest.param(a_job("Completed", statusDetails=TRAINED), "trained", "Training"),
]


@pytest.mark.parametrize(("job", "state", "phase"), LOOKS)
def test_a_status_means_this(job, state, phase):
    seen = progress(job, LIMITS, now=NOW)
    assert (seen.state, seen.phase, seen.failure) == (state, phase, None)
    assert seen.status == job["status"]


def test_every_status_of_the_api_is_known():
    statuses = shape("ListModelCustomizationJobs").members["statusEquals"].metadata["enum"]
    assert {progress(a_job(status), LIMITS, now=NOW).status for status in statuses} == set(statuses)


@pytest.mark.parametrize(
    ("message", "kind"),
    [("Could not assume provided IAM role.", "role_not_assumable"), ("", "unknown")],
)
def test_a_failed_job_says_why(message, kind):
    seen = progress(a_job("Failed", failureMessage=message), LIMITS, now=NOW)
    assert seen.state == "failed"
    assert seen.failure is not None
    assert seen.failure.kind == kind
    assert seen.failure.message


def test_a_failed_job_without_a_word_still_says_something():
    seen = progress(a_job("Failed"), LIMITS, now=NOW)
    assert seen.to_dict()["failure"]["message"] == "no failureMessage was given"


HOURS = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "idle", "kind"),
    [
        pytest.param(6 * HOURS, 6 * HOURS, None, id="as long as it may stand still"),
        pytest.param(6 * HOURS + SECOND, 6 * HOURS + SECOND, "stalled", id="a second longer"),
        pytest.param(24 * HOURS, 1 * HOURS, None, id="as long as it may take"),
        pytest.param(24 * HOURS + SECOND, 1 * HOURS, "over_time", id="a second over"),
        pytest.param(30 * HOURS, 7 * HOURS, "over_time", id="both"),
    ],
)
def test_a_job_that_stands_still_or_never_ends_is_overdue(age, idle, kind):
    moved = {
        "dataProcessingDetails": {"status": "Completed", "lastModifiedTime": NOW - idle},
        "trainingDetails": {"status": "NotStarted"},
    }
    job = a_job("InProgress", statusDetails=moved) | {"creationTime": NOW - age}
    seen = progress(job, LIMITS, now=NOW)
    assert (seen.failure and seen.failure.kind) == kind
    assert seen.state == ("overdue" if kind else "in_progress")


@pytest.mark.parametrize(
    ("hours", "kind"), [(7 * HOURS, None), (24 * HOURS, None), (25 * HOURS, "over_time")]
)
def test_a_job_that_trains_does_not_stand_still(hours, kind):
    """`InProgress` is its sub-status from the first step to the last, hours later."""
    training = {"trainingDetails": {"status": "InProgress", "lastModifiedTime": NOW - hours}}
    job = a_job("InProgress", statusDetails=training) | {"creationTime": NOW - hours}
    seen = progress(job, LIMITS, now=NOW)
    assert (seen.failure and seen.failure.kind) == kind


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_a_job_that_is_at_its_end_is_never_overdue(status):
    job = a_job(status) | {"creationTime": NOW - 100 * HOURS}
    assert progress(job, LIMITS, now=NOW).failure is None


@pytest.mark.parametrize(("hours", "state"), [(5, "in_progress"), (7, "failed")])
def test_a_job_that_does_not_stop_is_given_up_and_said_so(hours, state):
    job = a_job("Stopping") | {"creationTime": NOW - hours * HOURS}
    seen = progress(job, LIMITS, now=NOW)
    assert seen.state == state
    assert (seen.failure and seen.failure.kind) == ("stop_stuck" if state == "failed" else None)


@pytest.mark.parametrize("offset", [-11, -3, 0, 5, 14])
def test_the_time_zone_of_an_answer_does_not_matter(offset):
    zone = timezone(timedelta(hours=offset))
    old, young = (
        a_job("InProgress") | {"creationTime": (NOW - hours).astimezone(zone)}
        for hours in (7 * HOURS, 5 * HOURS)
    )
    assert progress(old, LIMITS, now=NOW).state == "overdue"
    assert progress(young, LIMITS, now=NOW).state == "in_progress"


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        pytest.param({}, True, id="ours"),
        pytest.param({"jobName": "support-0"}, False, id="another name"),
        pytest.param({"trainingDataConfig": {"s3Uri": VALIDATION}}, False, id="other data"),
        pytest.param({"trainingDataConfig": {}}, False, id="no data"),
    ],
)
def test_a_job_is_ours_by_name_and_data(change, ours):
    job = {"jobName": any_run().job_name, "trainingDataConfig": {"s3Uri": TRAINING}, **change}
    assert is_ours(job, any_run(), training_uri=TRAINING) is ours
