"""Sets that belong to a training set: waited for, kept with its run, or said to be missing."""

from hashlib import sha256

from accounts import conversations, tuning
from patience import until

PATIENT = "support-nova-lite"
"""Waits for a validation set."""


def waits(world, upload):
    def look():
        record = world.account.started_by(upload)
        return record if record and record.waits_until else None

    return until(look, f"{upload} to wait for its validation set")


def test_a_validation_set_that_comes_within_the_grace_time_is_used(world):
    upload = world.upload(conversations("Late"), f"{PATIENT}/late")
    assert "waits for other uploads until" in tuning(world, "show", waits(world, upload).id).stdout
    world.upload(conversations("Held out", 4), f"{PATIENT}/late", "validation.jsonl")
    row = world.ended(upload)
    assert row.state == "trained"
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    assert row.dataset.validation_uri in str(job["validationDataConfig"])


def test_after_the_grace_time_a_recipe_that_requires_one_refuses(world):
    row = world.ended(world.upload(conversations("Alone"), f"{PATIENT}/alone"))
    assert (row.state, row.job_arn) == ("refused", None)
    assert "DS903" in world.notice(row.id)["Message"]


def test_a_run_without_a_validation_set_says_so_in_report_notice_and_show(world):
    row = world.ended(world.upload(conversations("Without"), "support-nova-micro/without"))
    assert "The run had no validation set" in world.notice(row.id)["Message"]
    assert "the run has none" in tuning(world, "show", row.id).stdout
    bucket, _, key = row.dataset.report_uri.removeprefix("s3://").partition("/")
    page = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert "none was beside the upload: the run has none" in page


def test_an_evaluation_set_is_kept_with_the_run_and_no_job_reads_it(world):
    world.upload(conversations("Measured", 4), "support-nova-micro/measured", "evaluation.jsonl")
    row = world.ended(world.upload(conversations("Learnt"), "support-nova-micro/measured"))
    assert row.state == "trained"
    bucket, _, key = row.dataset.evaluation_uri.removeprefix("s3://").partition("/")
    copy = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert key == f"prepared/{sha256(copy).hexdigest()}/evaluation.jsonl"
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    assert row.dataset.evaluation_uri not in str(job)
    assert "which is not trained on" in tuning(world, "show", row.id).stdout


def test_an_evaluation_set_that_repeats_a_question_of_training_starts_no_job(world):
    world.upload(conversations("Same"), "support-nova-micro/leaking", "evaluation.jsonl")
    row = world.ended(world.upload(conversations("Same"), "support-nova-micro/leaking"))
    assert (row.state, row.job_arn) == ("refused", None)
    assert "evaluation.jsonl line 1" in world.notice(row.id)["Message"]
