"""What is done about runs, executions and jobs that lost each other: facts in, actions out."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from domain_builders import any_record, any_run
from msgspec import structs

from tuning.runs.customization_job import Job
from tuning.runs.failures import failure
from tuning.runs.money_records import Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.progress import Progress
from tuning.runs.rebuild import Execution, run_of
from tuning.runs.reconcile import (
    Escalate,
    Rebuild,
    Settle,
    Start,
    Stop,
    Trace,
    Write,
    decide,
)
from tuning.runs.run import Run
from tuning.runs.run_states import Partition

RUN = any_run()
GIVEN = json.loads(json.dumps(RUN.to_dict()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=4)
JOB = Job(arn="arn:job", name=RUN.job_name, status="InProgress")
DONE = Job(arn="arn:job", name=RUN.job_name, status="Completed", model_arn="arn:model")
FAILED = Outcome(state="failed", summary="A step died.")


RESERVED = Reservation(usd=Decimal(5), month="2026-11", recipe="support", recipe_digest="x")


def record(state, **facts):
    return any_record(state=state, **facts)


def ended(state="failed", **facts):
    outcome = Outcome(state=state, summary="It is over.", charge="job")
    found = record(state, ended_at="2026-11-23T08:00:00.000Z", outcome=outcome)
    return structs.replace(found, **{"open": Partition.UNNOTIFIED, **facts})


def execution(status, number=1, **said):
    name = RUN.id if number == 1 else f"{RUN.id}-{number}"
    stopped = {} if status == "RUNNING" else {"stopped_at": LONG_AGO}
    return Execution(name=name, status=status, given=GIVEN, **{**stopped, **said})


def decided(found, followed=None, *jobs, now=NOW):
    return decide(Trace(run_id=RUN.id, record=found, execution=followed, jobs=jobs), now)


def kinds(actions):
    return [type(action) for action in actions]


@pytest.mark.parametrize("state", ["received", "training", "awaiting_approval"])
def test_a_run_that_is_followed_is_left_alone(state):
    assert decided(record(state), execution("RUNNING"), JOB) == ()


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"])
@pytest.mark.parametrize("state", ["started", "checked", "queued", "training"])
def test_a_run_whose_execution_died_is_taken_up_by_the_next(state, status):
    """With its own input: every step finds what the last one left, the job above all."""
    *_, start = decided(record(state), execution(status), JOB)
    assert (start.name, start.given) == (f"{RUN.id}-2", GIVEN)
    assert status in start.why


def test_a_run_whose_execution_was_deleted_is_taken_up_from_its_row():
    (start,) = decided(record("training"), None, JOB)
    assert (start.name, start.given) == (f"{RUN.id}-2", GIVEN)
    assert "no execution" in start.why


def test_a_run_that_was_received_and_never_started_is_started_under_its_own_name():
    (start,) = decided(record("received"))
    assert (start.name, start.given) == (RUN.id, GIVEN)


@pytest.mark.parametrize("minutes", [0, 14])
def test_what_is_young_is_not_lost_yet(minutes):
    arrived = (NOW - timedelta(minutes=minutes)).isoformat()
    assert decided(record("received", arrived_at=arrived)) == ()
    stopped = NOW - timedelta(minutes=minutes)
    assert decided(record("training"), execution("FAILED", stopped_at=stopped)) == ()


@pytest.mark.parametrize("since", ["begun_at", "approval_asked_at", "queued_at", "refused_at"])
def test_a_run_that_was_received_late_is_not_lost_while_its_execution_is_not_found_yet(since):
    """Its upload is old; what it waits for is not, and DescribeExecution lags."""
    young = (NOW - timedelta(minutes=14)).isoformat()
    assert decided(record("queued", **{since: young})) == ()
    old = (NOW - timedelta(minutes=16)).isoformat()
    assert kinds(decided(record("queued", **{since: old}))) == [Start]


def test_whoever_stopped_the_execution_wanted_the_run_to_stop():
    write, start = decided(record("training"), execution("ABORTED"), JOB)
    assert set(write.facts) == {"stop_asked"}
    assert isinstance(start, Start)


def test_the_next_execution_knows_how_the_job_was_at_the_last_poll():
    progress = Progress(state="overdue", failure=failure("stalled", "It made no progress."))
    (start,) = decided(record("training", progress=progress), execution("FAILED"))
    assert start.given == {**GIVEN, "progress": progress.to_json()}


def test_a_second_try_is_taken_up_as_such():
    """Between the tries by what the last look said, and later by the attempt that the job is of."""
    progress = Progress(state="again", next_run=RUN.again().to_dict())
    for facts in ({"progress": progress, "attempt": 1}, {"attempt": 2}):
        (start,) = decided(record("checked", **facts), execution("FAILED"))
        assert Run.from_dict(start.given) == RUN.again(), facts


def test_a_second_try_keeps_the_job_that_another_version_named():
    """Derived anew, its name and token would start a second paid job."""
    named = {"job_name": "as-it-was-2", "request_token": "as-it-was"}
    given = json.loads(json.dumps(RUN.again().to_dict())) | named
    (start,) = decided(record("training", attempt=2), replace(execution("FAILED"), given=given))
    assert start.given == given


def test_an_outcome_that_was_not_recorded_is_recorded_and_reported():
    unreported = execution("FAILED", error="OutcomeNotReported", cause=json.dumps(FAILED.to_json()))
    (start,) = decided(record("training"), unreported)
    assert start.given == {**GIVEN, "outcome": FAILED.to_json(), "charge": "unknown"}


def test_the_third_execution_that_dies_is_the_last_to_follow():
    third = execution("FAILED", 3)
    stop, start = decided(record("training", execution=third.name), third, JOB)
    assert stop == Stop(job_arn=JOB.arn, why=stop.why)
    assert start.name == f"{RUN.id}-4"
    assert start.given["outcome"]["state"] == "failed"
    assert start.given["outcome"]["kind"] == "lost"
    assert start.given["outcome"]["unsure"], "a job may be left behind"


@pytest.mark.parametrize(
    ("number", "hours"), [(1, 0.25), (2, 0.5), (3, 1), (5, 4), (9, 24), (30, 24)]
)
def test_what_does_not_heal_is_tried_ever_more_seldom(number, hours):
    stuck = execution(
        "FAILED", number, error="OutcomeNotReported", cause=json.dumps(FAILED.to_json())
    )
    found = record("training", execution=stuck.name)
    assert decided(found, stuck, now=LONG_AGO + timedelta(hours=hours, seconds=-1)) == ()
    (*_, start) = decided(found, stuck, now=LONG_AGO + timedelta(hours=hours))
    assert start.name == f"{RUN.id}-{number + 1}"


def test_what_three_executions_did_not_heal_is_reported():
    stuck = execution("FAILED", 4, error="OutcomeNotReported", cause=json.dumps(FAILED.to_json()))
    assert kinds(decided(record("training", execution=stuck.name), stuck)) == [
        Escalate,
        Start,
    ]


def test_a_job_whose_run_has_ended_is_stopped_and_reported():
    stop, start = decided(ended(), execution("FAILED", error="AccessDeniedException"), JOB)
    assert stop.job_arn == JOB.arn
    assert "asked to stop" in start.given["outcome"]["summary"]
    assert start.given["outcome"]["state"] == "failed"


def test_a_job_whose_run_has_ended_is_reported_from_its_row_when_its_execution_was_deleted():
    _, start = decided(ended("stopped"), None, JOB)
    assert (start.name, start.given["job_name"]) == (f"{RUN.id}-2", RUN.job_name)
    assert start.given["outcome"]["state"] == "stopped"


def test_a_job_that_is_stopping_is_waited_for():
    stopping = Job(arn="arn:job", name="x", status="Stopping")
    assert decided(ended(), execution("FAILED"), stopping) == ()


def test_a_run_that_has_just_ended_is_left_alone():
    """A function that was given up may go on for a moment, and start the job."""
    just = (NOW - timedelta(minutes=14)).isoformat()
    assert decided(ended(ended_at=just), execution("FAILED"), JOB) == ()
    not_so_just = (NOW - timedelta(minutes=15)).isoformat()
    assert kinds(decided(ended(ended_at=not_so_just), execution("FAILED"), JOB)) == [Stop, Start]


def test_an_outcome_that_nobody_was_notified_of_is_reported():
    unreported = execution("FAILED", error="OutcomeNotReported", cause="{}")
    (start,) = decided(ended("trained"), unreported)
    assert start.given["outcome"]["summary"] == "It is over."
    assert start.given["charge"] == "job"


@pytest.mark.parametrize(
    ("number", "minutes", "escalated"), [(1, 15, []), (2, 30, []), (3, 60, [Escalate])]
)
def test_an_outcome_that_cannot_be_reported_is_tried_ever_more_seldom_and_escalated_at_the_third(
    number, minutes, escalated
):
    """The pauses count from the end of the last execution, long after the run's own."""
    unreported = execution("FAILED", number, error="OutcomeNotReported", cause="{}")
    the_day_before = (LONG_AGO - timedelta(days=1)).isoformat()
    found = ended("trained", ended_at=the_day_before, execution=unreported.name)
    until = LONG_AGO + timedelta(minutes=minutes)
    assert kinds(decided(found, unreported, now=until - timedelta(seconds=1))) == escalated
    assert kinds(decided(found, unreported, now=until)) == [*escalated, Start]


def test_a_reservation_of_a_run_that_has_ended_is_settled_then_the_run_is_closed():
    actions = decided(ended(reservation=RESERVED), execution("FAILED"))
    assert actions == (Settle(charge="job"), Write(facts={}, close=True))
    settled = decided(
        ended(reservation=RESERVED, settlement=Settlement(usd=Decimal(0))), execution("FAILED")
    )
    assert settled == (Write(facts={}, close=True),)


def test_a_model_of_a_run_that_failed_is_reported_and_remembered():
    tell, write = decided(ended(), execution("FAILED"), DONE)
    assert "arn:model" in tell.given["outcome"]["summary"]
    assert write == Write(facts={"model_arn": "arn:model"})
    closed = decided(ended(model_arn="arn:model"), execution("FAILED"), DONE)
    assert closed == (Write(facts={}, close=True),)


def test_a_row_that_is_lost_is_rebuilt_when_an_execution_remembers_it():
    for followed in (execution("RUNNING"), execution("FAILED")):
        assert decided(None, followed, JOB) == (Rebuild(),)


def test_a_job_of_which_nothing_is_known_is_stopped_and_reported():
    stop, report = decided(None, None, JOB)
    assert stop.job_arn == JOB.arn
    assert isinstance(report, Escalate)


def test_a_run_that_nothing_describes_is_reported_and_its_job_stopped():
    bare = record("training", run=None)
    assert kinds(decided(bare, None, JOB)) == [Stop, Escalate]


def test_an_executions_name_says_whose_it_is():
    assert run_of(RUN.id) == run_of(f"{RUN.id}-12") == RUN.id
