"""What one list does not show, or one answer does not say, is looked for at the next place."""

import csv
import json

import pytest
from domain_builders import any_reservation, any_run
from test_handler_jobs import EVENT
from test_handler_reconcile_runs import JOB, LEDGER, RUN, died, ended, kept, started, training
from test_handler_reconcile_runs import world as world  # noqa: PLC0414 — a fixture
from test_rebuild import CHECKED, entered

from lambdas import start_training, track_training
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import Executions, answer_task
from tuning.runs.failures import failure
from tuning.runs.metrics_files import curve
from tuning.runs.progress import Progress

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun"


def test_an_execution_that_runs_without_a_row_is_found_and_its_row_has_what_it_did(world):
    started(world)
    del world.items[RUN.id]
    world.aws.stepfunctions.events[RUN.id] = [*CHECKED, entered("Authorize spend")]
    assert world.look() == {RUN.id: ["rebuild"]}
    assert kept(world).state == "checked"


def test_a_job_takes_a_slot_until_it_is_stopped_and_one_only(aws):
    for number, status in enumerate(["InProgress"] * 3 + ["Stopping", "Stopped", "Completed"]):
        aws.bedrock.create_model_customization_job(**JOB | {"jobName": f"job-{number}"})
        aws.bedrock.jobs[f"job-{number}"]["status"] = status
    assert CustomizationJobs().taking_slots() == 4


def test_a_job_that_no_list_shows_is_found_by_its_name_and_stopped(world, monkeypatch):
    arn = training(world)
    died(world)
    ended()
    monkeypatch.setattr(world.aws.bedrock, "listed_jobs", list)
    assert "stop" in world.look()[RUN.id]
    assert world.aws.bedrock.stopped == [arn]


def test_an_execution_is_started_once_under_its_name(aws):
    executions = Executions(machine=MACHINE)
    assert executions.start("name", {"a": 1}) is True
    assert executions.start("name", {"a": 2}) is False
    assert json.loads(aws.stepfunctions.executions["name"]) == {"a": 1}


@pytest.mark.parametrize("code", ["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"])
def test_a_task_that_waits_no_longer_is_no_fault(aws, code):
    def send_task_success(**_call):
        raise getattr(aws.stepfunctions.exceptions, code)({"Error": {"Code": code}}, "SendTask")

    aws.stepfunctions.send_task_success = send_task_success
    assert answer_task("token", {}) is False


def test_a_task_that_waits_is_answered(aws):
    aws.stepfunctions.tokens["token"] = None
    assert answer_task("token", {"yes": 1}) is True
    assert json.loads(aws.stepfunctions.tokens["token"]) == {"yes": 1}


def test_a_job_that_this_try_has_noted_is_not_asked_for_again(aws, context):
    LEDGER.move(any_run(), "training", job_arn="arn:noted", attempt=1)
    assert start_training.handler(EVENT, context)["job_arn"] == "arn:noted"
    assert aws.bedrock.created == []


def test_a_job_of_the_try_before_is_not_taken_for_this_ones(aws, context):
    LEDGER.move(any_run(), "training", job_arn="arn:before", attempt=1)
    LEDGER.move(any_run(), "again", reservation=any_reservation(any_run()))
    again = EVENT | {"run": any_run().again().to_dict()}
    assert start_training.handler(again, context)["job_arn"] != "arn:before"
    assert len(aws.bedrock.created) == 1


@pytest.mark.parametrize(
    ("state", "metric"),
    [("again", "JobsTriedAgain"), ("overdue", "JobsStalled"), ("failed", None)],
)
def test_what_a_poll_finds_is_noted_and_counted(aws, context, written, monkeypatch, state, metric):
    arn = aws.bedrock.create_model_customization_job(**JOB)["jobArn"]
    LEDGER.move(any_run(), "training", job_arn=arn)
    found = Progress(state=state, status="Failed", failure=failure("stalled", "It stalled."))
    monkeypatch.setattr(track_training, "polled", lambda *_a, **_k: found)
    track_training.handler(EVENT | {"job": {"job_arn": arn}}, context)
    assert aws.dynamodb.record(any_run().id).state == ("again" if state == "again" else "training")
    names = {"JobsTriedAgain", "JobsStalled"}
    assert {name for name in names if f'"{name}"' in written()} == ({metric} - {None})


def test_a_metrics_file_that_is_no_csv_has_no_curve():
    most = csv.field_size_limit(10)
    try:
        assert curve("training_loss\n" + "9" * 20, "training_loss") is None
    finally:
        csv.field_size_limit(most)


def test_jobs_are_known_by_the_names_of_both_tries(aws):
    second = JOB | {"jobName": RUN.again().job_name}
    arn = aws.bedrock.create_model_customization_job(**second)["jobArn"]
    found = CustomizationJobs().named(RUN.job_name, RUN.again().job_name)
    assert [job.arn for job in found] == [arn]
