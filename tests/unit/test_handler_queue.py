"""Starting a job when there is no place for it: in order of arrival, at most as many as may be."""

from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_run, any_upload

from lambdas import start_training
from tuning.aws import queued_runs
from tuning.runs.job_queue import Place

DATASET = {
    "training_uri": "s3://prepared-bucket/prepared/0/train.jsonl",
    "validation_uri": None,
    "training_tokens": 1000,
}
MINUTE = timedelta(minutes=1)


def a_run(number):
    at = f"2026-11-23T07:{number // 60:02}:{number % 60:02}Z"
    return any_run(upload=any_upload(version_id=f"v{number}", arrived_at=at))


def an_event(run, job=None):
    return {"run": run.to_dict(), "dataset": DATASET, "job": job or {}}


@pytest.fixture
def door(aws, context, monkeypatch):  # noqa: ARG001 — the door speaks to these fakes
    """Start training at a moment that the test sets."""

    class Clock(datetime):
        moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            return cls.moment.astimezone(tz)

    monkeypatch.setattr(start_training, "datetime", Clock)

    def ask(run, job=None, *, later=timedelta(0)):
        Clock.moment += later
        return start_training.handler(an_event(run, job), context)

    return ask


def test_while_there_is_room_a_crowd_starts_at_its_first_look_in_whatever_order_it_comes(aws, door):
    runs = [a_run(number) for number in range(aws.bedrock.quota)]
    assert {door(run)["state"] for run in reversed(runs)} == {"started"}
    assert len(aws.bedrock.created) == len(runs)


def test_one_that_looks_at_the_same_moment_holds_nobody_up_until_bedrock_was_full(aws, door):
    queued_runs.look("ledger", a_run(0))
    assert door(a_run(1))["state"] == "started"
    queued_runs.stand("ledger", a_run(0), Place(since=""), datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert door(a_run(2))["state"] == "no_room"
    assert [job["jobName"] for job in aws.bedrock.created] == [a_run(1).job_name]


def test_a_place_is_kept_for_as_long_as_its_run_waits(aws, door):
    aws.bedrock.quota = 0
    for number in range(60):
        last = door(a_run(number))
    assert last["wait_seconds"] == 59 * 60
    assert aws.dynamodb.items[a_run(59).id]["due"] == "2026-11-23T09:14:00+00:00"


def test_one_that_ended_while_bedrock_was_asked_is_not_put_in_the_line(aws, door):
    aws.dynamodb.items[a_run(0).id] = {"pk": a_run(0).id, "state": "stopped"}
    queued_runs.stand("ledger", a_run(0), Place(since=""), datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    assert "open" not in aws.dynamodb.items[a_run(0).id]
    assert door(a_run(0))["state"] == "stopped"


def test_a_full_quota_is_waited_for(aws, door):
    aws.bedrock.quota = 0
    answer = door(a_run(0))
    assert (answer["state"], answer["wait_seconds"]) == ("no_room", 126)
    assert aws.dynamodb.items[a_run(0).id]["open"] == "room"
    aws.bedrock.quota = 1
    assert door(a_run(0), answer)["state"] == "started"
    assert aws.dynamodb.items[a_run(0).id]["open"] == "working"


def test_who_arrived_first_is_tried_first_and_nobody_else_asks_bedrock(aws, door):
    aws.bedrock.quota = 0
    first = door(a_run(0))
    aws.bedrock.quota = 1
    behind = door(a_run(1))
    assert (behind["state"], behind["line"]["ahead"], behind["wait_seconds"]) == ("no_room", 1, 60)
    assert aws.bedrock.created == []
    assert door(a_run(0), first)["state"] == "started"
    assert door(a_run(1), behind)["state"] == "no_room"  # first now, and Bedrock is full


def test_an_earlier_upload_goes_before_one_that_was_checked_sooner(aws, door):
    aws.bedrock.quota = 0
    later = door(a_run(5))
    assert door(a_run(3))["line"]["ahead"] == 0
    assert door(a_run(5), later)["line"]["ahead"] == 1


def test_one_that_died_in_the_line_does_not_stop_it(aws, door):
    aws.bedrock.quota = 0
    door(a_run(0))
    behind = door(a_run(1))
    aws.bedrock.quota = 1
    assert door(a_run(1), behind, later=15 * MINUTE)["state"] == "no_room"
    assert door(a_run(1), behind, later=3 * MINUTE)["state"] == "started"


def test_one_that_ended_is_no_longer_in_the_line(aws, door):
    aws.bedrock.quota = 0
    door(a_run(0))
    behind = door(a_run(1))
    del aws.dynamodb.items[a_run(0).id]["open"]  # as the machine does
    aws.bedrock.quota = 1
    assert door(a_run(1), behind)["state"] == "started"


def test_a_hundred_runs_start_in_order_of_arrival_and_never_more_than_the_quota(aws, door):
    """Whatever the order in which they look."""
    runs = [a_run(number) for number in range(100)]
    aws.bedrock.quota = 0
    answers = {run.id: door(run) for run in reversed(runs)}
    aws.bedrock.quota = 10
    waiting = list(runs)
    while waiting:
        for run in sorted(waiting, key=lambda run: run.id):
            answers[run.id] = door(run, answers[run.id])
            assert sum(job["status"] == "InProgress" for job in aws.bedrock.all_jobs()) <= 10
        waiting = [run for run in waiting if answers[run.id]["state"] == "no_room"]
        next(j for j in aws.bedrock.all_jobs() if j["status"] == "InProgress")["status"] = "Stopped"
    assert [job["jobName"] for job in aws.bedrock.created] == [run.job_name for run in runs]


def test_after_a_week_a_run_gives_up(aws, door):
    aws.bedrock.quota = 0
    answer = door(a_run(0))
    assert door(a_run(0), answer, later=timedelta(days=6))["state"] == "no_room"
    answer = door(a_run(0), answer, later=timedelta(days=1))
    assert (answer["state"], answer["failure"]["kind"]) == ("failed", "quota_full")
    assert "You have exceeded the quota." in answer["failure"]["message"]


@pytest.fixture
def orphan(aws, door):
    """A run whose job was made by a try that died before it could tell, and an earlier one in line."""
    run = a_run(5)
    door(run)
    row = aws.dynamodb.items[run.id]
    del row["job_arn"], row["attempt"]
    row["state"] = "queued"
    aws.bedrock.quota = 1
    assert door(a_run(0))["state"] == "no_room"
    return run


def test_one_that_has_a_job_is_not_sent_into_the_line_behind_who_came_meanwhile(aws, door, orphan):
    assert door(orphan)["job_arn"] == aws.bedrock.all_jobs()[0]["jobArn"]
    assert aws.dynamodb.items[orphan.id]["open"] == "working"
    assert len(aws.bedrock.created) == 1


def test_one_that_is_to_stop_and_has_a_job_is_tracked_so_that_the_job_is_stopped(aws, door, orphan):
    aws.dynamodb.items[orphan.id]["stop_asked"] = "by someone"
    assert door(orphan)["state"] == "started"
    assert len(aws.bedrock.created) == 1


def test_a_run_that_was_asked_to_stop_starts_no_job(aws, door):
    asked = {"pk": a_run(0).id, "state": "authorized", "stop_asked": "by someone"}
    aws.dynamodb.items[a_run(0).id] = asked
    assert door(a_run(0))["state"] == "stopped"
    assert aws.bedrock.created == []


def test_a_second_try_is_another_job_of_the_same_run(aws, door):
    run = a_run(0)
    first = door(run)["job_arn"]
    aws.dynamodb.items[run.id]["state"] = "authorized"  # once more, after the check
    second = door(run.again())["job_arn"]
    assert first != second
    assert [job["jobName"] for job in aws.bedrock.created] == [run.job_name, f"{run.job_name}-2"]
    assert list(aws.dynamodb.items) == [run.id]
    assert door(run.again())["job_arn"] == second
