"""What is deleted or replaced between the upload and its check, and what could not be received."""

import os
import subprocess
import sys
from contextlib import contextmanager

from accounts import conversations
from patience import tried_five_times, until

RECIPE = "support-nova-micro"


def physical(world, logical):
    pages = world.client("cloudformation").get_paginator("list_stack_resources")
    return next(
        each["PhysicalResourceId"]
        for page in pages.paginate(StackName="dev-Training")
        for each in page["StackResourceSummaries"]
        if each["LogicalResourceId"].startswith(logical)
    )


@contextmanager
def nobody_checks(world):
    """No function is free to check a dataset: runs wait before that step, and try again."""
    function = {"FunctionName": physical(world, "PrepareDatasetFunction")}
    functions = world.client("lambda")
    functions.put_function_concurrency(**function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(**function)  # by default nothing is reserved


def put(world, folder, about):
    """Upload, and wait until the run has begun. Returns what was uploaded: URI and version."""
    upload = world.upload(conversations(about), f"{RECIPE}/{folder}")
    bucket, _, key = upload.removeprefix("s3://").partition("/")
    version = world.client("s3").head_object(Bucket=bucket, Key=key)["VersionId"]
    row = until(lambda: world.account.started_by(upload), "the run to begin")
    until(lambda: throttles(world, row), "the check to be put off")
    return upload, {"Bucket": bucket, "Key": key}, version


def throttles(world, row):
    found = [each for each in world.executions() if each["name"] == row.id]
    return found and [
        event
        for event in world.account.executions.history(row.id)
        if event["type"] == "TaskFailed"
        and event["taskFailedEventDetails"]["error"] == "Lambda.TooManyRequestsException"
    ]


def test_a_version_that_is_gone_before_its_check_is_refused_with_the_reason(world):
    with nobody_checks(world):
        upload, place, version = put(world, "gone", "Gone")
        world.client("s3").delete_object(**place, VersionId=version, BypassGovernanceRetention=True)
    row = world.ended(upload)
    assert row.state == "refused"
    assert row.job_arn is None
    assert "Deleted before it was read" in world.notice(row.id)["Message"]


def test_what_is_deleted_or_overwritten_by_name_is_trained_on_as_it_was_uploaded(world):
    """Its version is there still, and the version is what was uploaded."""
    with nobody_checks(world):
        hidden, place, _ = put(world, "hidden", "Hidden")
        world.client("s3").delete_object(**place)
        covered, place, _ = put(world, "covered", "Covered")
        world.client("s3").put_object(**place, Body=b"no dataset at all")
    for upload, about in ((hidden, b"Hidden"), (covered, b"Covered")):
        rows = until(lambda u=upload: both_ended(world, u), f"the runs of {upload} to end")
        (trained,) = (row for row in rows if row.state == "trained")
        job = world.client("bedrock").get_model_customization_job(jobIdentifier=trained.job_arn)
        bucket, _, key = job["trainingDataConfig"]["s3Uri"].removeprefix("s3://").partition("/")
        body = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        assert about + b", question 0?" in body


def both_ended(world, upload):
    rows = [row for row in world.account.ledger.runs() if row.upload == upload]
    return rows if all(row.ended_at for row in rows) else None


def test_what_nobody_could_receive_fires_an_alarm_and_is_received_once_after_redrive(world):
    """The function is broken, such as by a bad deployment, until after the message was given up."""
    function = {"FunctionName": physical(world, "ReceiveUploadFunction")}
    functions = world.client("lambda")
    handler = functions.get_function_configuration(**function)["Handler"]
    functions.update_function_configuration(**function, Handler="lambdas.nowhere.handler")
    try:
        upload = world.upload(conversations("Given up"), f"{RECIPE}/given-up")
        with tried_five_times(world.client("sqs"), world.account.outputs["Queue"]):
            until(lambda: given_up(world, "given-up"), "the message among the dead letters")
        until(lambda: alarm(world) == "ALARM", "the alarm")
    finally:
        functions.update_function_configuration(**function, Handler=handler)
    assert world.account.started_by(upload) is None
    assert tuning(world, "redrive").returncode == 0
    row = world.ended(upload)
    assert row.state == "trained"
    assert [each["name"] for each in world.executions()].count(row.id) == 1
    jobs = world.client("bedrock").list_model_customization_jobs(nameContains=row.id[:20])
    assert len(jobs["modelCustomizationJobSummaries"]) == 1


def given_up(world, folder):
    """Other tests leave dead letters too, and an alarm that is in ALARM."""
    found = world.client("sqs").receive_message(
        QueueUrl=world.account.outputs["DeadLetters"], MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return any(f"/{folder}/" in message["Body"] for message in found.get("Messages", []))


def alarm(world):
    queue = world.account.outputs["DeadLetters"].rsplit("/", 1)[-1]
    found = world.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (state,) = (
        each["StateValue"]
        for each in found
        if {"Name": "QueueName", "Value": queue} in each["Dimensions"]
    )
    return state


def tuning(world, *arguments):
    command = [sys.executable, "-m", "tuning", *arguments, "--environment", "dev"]
    environment = os.environ | world.instance.client_environment()
    return subprocess.run(  # noqa: S603 — our own words
        command, env=environment, capture_output=True, text=True, check=False
    )
