"""What a look at a job says: states, limits, stops that are waited for, second tries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from bedrock_model import shape
from domain_builders import any_recipe, any_run
from msgspec import structs

from tuning.runs.failures import FAILURE_KINDS, failure
from tuning.runs.progress import Progress, polled
from tuning.runs.recipes import Limits, Retry
from tuning.runs.run import Run
from tuning.runs.times import moment

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECIPE = any_recipe(limits=Limits(max_hours=24, stall_hours=6))
FALLBACK = any_recipe(name="larger", base_model="amazon.nova-lite-v1:0:300k")
PATIENT = replace(
    any_run(recipe=structs.replace(RECIPE, retry=Retry(recipe="larger"))), fallback=FALLBACK
)


def seen(job, *, before=None, run=None):
    return polled(job, run or any_run(recipe=RECIPE), before=before, now=NOW)


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
    reported = seen(job)
    assert (reported.state, reported.phase, reported.failure) == (state, phase, None)
    assert reported.status == job["status"]


def test_every_status_of_the_api_is_known():
    statuses = shape("ListModelCustomizationJobs").members["statusEquals"].metadata["enum"]
    assert {seen(a_job(status)).status for status in statuses} == set(statuses)


@pytest.mark.parametrize(
    ("message", "kind"),
    [("Could not assume provided IAM role.", "role_not_assumable"), ("", "unknown")],
)
def test_a_failed_job_says_why(message, kind):
    reported = seen(a_job("Failed", failureMessage=message))
    assert reported.state == "failed"
    assert reported.failure is not None
    assert reported.failure.kind == kind
    assert reported.failure.message


def test_a_failed_job_without_a_word_still_says_something():
    reported = seen(a_job("Failed"))
    assert reported.to_json()["failure"]["message"] == "Bedrock gave no failureMessage"


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
def test_a_job_that_stalls_or_never_ends_is_overdue(age, idle, kind):
    moved = {
        "dataProcessingDetails": {"status": "Completed", "lastModifiedTime": NOW - idle},
        "trainingDetails": {"status": "NotStarted"},
    }
    job = a_job("InProgress", statusDetails=moved) | {"creationTime": NOW - age}
    reported = seen(job)
    assert (reported.failure and reported.failure.kind) == kind
    assert reported.state == ("overdue" if kind else "in_progress")


@pytest.mark.parametrize(
    ("hours", "kind"), [(7 * HOURS, None), (24 * HOURS, None), (25 * HOURS, "over_time")]
)
def test_a_job_that_trains_does_not_stall(hours, kind):
    """`InProgress` is its sub-status from the first step to the last, hours later."""
    training = {"trainingDetails": {"status": "InProgress", "lastModifiedTime": NOW - hours}}
    job = a_job("InProgress", statusDetails=training) | {"creationTime": NOW - hours}
    reported = seen(job)
    assert (reported.failure and reported.failure.kind) == kind


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_a_job_that_is_at_its_end_is_never_overdue(status):
    job = a_job(status) | {"creationTime": NOW - 100 * HOURS}
    assert seen(job).failure is None


@pytest.mark.parametrize("offset", [-11, -3, 0, 5, 14])
def test_the_time_zone_of_an_answer_does_not_matter(offset):
    zone = timezone(timedelta(hours=offset))
    old, young = (
        a_job("InProgress") | {"creationTime": (NOW - hours).astimezone(zone)}
        for hours in (7 * HOURS, 5 * HOURS)
    )
    assert seen(old).state == "overdue"
    assert seen(young).state == "in_progress"


WHY = failure("stalled", "it stalled")
STOPPED_BY_US = Progress(state="overdue", status="InProgress", phase="Validation", failure=WHY)


def test_why_is_known_one_look_before_the_job_is_stopped():
    """A function that dies between the two calls leaves the reason behind."""
    stalled = a_job("InProgress") | {"creationTime": NOW - 7 * HOURS}
    first = seen(stalled)
    assert (first.state, first.must_be_stopped) == ("overdue", False)
    second = seen(stalled, before=Progress.kept(first.to_json()))
    assert (second.state, second.must_be_stopped) == ("in_progress", True)
    assert second.failure == first.failure


def test_a_job_that_we_stop_has_ended_only_when_bedrock_says_so():
    stopping = seen(a_job("Stopping"), before=STOPPED_BY_US)
    assert (stopping.state, stopping.must_be_stopped) == ("in_progress", False)
    stopped = seen(a_job("Stopped"), before=stopping)
    assert (stopped.state, stopped.failure) == ("failed", WHY)


def test_a_job_that_someone_else_stops_is_no_failure():
    stopping = seen(a_job("Stopping"))
    assert seen(a_job("Stopped"), before=stopping).state == "stopped"


def test_a_job_that_ended_well_before_it_could_be_stopped_is_trained():
    done = seen(a_job("Completed", statusDetails=TRAINED), before=STOPPED_BY_US)
    assert (done.state, done.failure) == ("trained", None)


@pytest.mark.parametrize("status", ["Stopping", "InProgress"])
@pytest.mark.parametrize(("hours", "state"), [(6, "in_progress"), (7, "failed")])
def test_a_job_that_does_not_stop_is_given_up_and_said_so(status, hours, state):
    before = structs.replace(STOPPED_BY_US, stopping_since=moment(NOW - hours * HOURS))
    reported = seen(a_job(status), before=before)
    assert reported.state == state
    if state == "failed":
        assert reported.failure.kind == "stop_stuck"
        said = f"asked to stop 6 hours ago, and is still {status}"
        assert said in reported.failure.message
    else:
        assert reported.failure == WHY


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_only_what_passes_by_itself_is_tried_again(kind):
    before = structs.replace(STOPPED_BY_US, failure=failure(kind, "so it was"))
    reported = seen(a_job("Stopped"), before=before, run=PATIENT)
    assert reported.state == ("again" if kind in ("stalled", "service_error") else "failed")


def test_a_second_try_trains_by_the_fallback_as_the_same_run():
    reported = seen(a_job("Stopped"), before=STOPPED_BY_US, run=PATIENT)
    again = Run.from_dict(reported.next_run)
    assert (again.id, again.recipe, again.attempt) == (PATIENT.id, FALLBACK, 2)


def test_nobody_tries_a_third_time():
    reported = seen(a_job("Stopped"), before=STOPPED_BY_US, run=PATIENT.again())
    assert (reported.state, reported.next_run) == ("failed", None)


def test_without_the_recipe_asking_for_it_nothing_is_tried_again():
    assert seen(a_job("Stopped"), before=STOPPED_BY_US).state == "failed"


@pytest.mark.parametrize(
    ("sub_status", "before", "state"),
    [
        pytest.param("NotStarted", False, "again", id="never began"),
        pytest.param("InProgress", False, "failed", id="was training"),
        pytest.param("Failed", False, "failed", id="failed while training"),
        pytest.param("Stopped", False, "again", id="nothing says that it began"),
        pytest.param("Stopped", True, "failed", id="it was seen training before"),
    ],
)
def test_a_training_that_was_billed_is_not_paid_for_twice(sub_status, before, state):
    words = "Encountered an internal error when processing the request."
    job = a_job("Failed", failureMessage=words, statusDetails=phases(training=sub_status))
    last = Progress(state="in_progress", status="InProgress", phase="Training", began=before)
    assert seen(job, before=last, run=PATIENT).state == state


def test_a_poll_survives_the_state_machine():
    reported = seen(a_job("Stopped"), before=STOPPED_BY_US, run=PATIENT)
    assert Progress.kept(reported.to_json()).to_json() == reported.to_json()
    assert Progress.kept({}) is None


@pytest.mark.parametrize(("hours", "pause"), [(0, 0), (1, 180), (5, 900), (10, 1800), (90, 1800)])
def test_the_end_of_a_job_is_noticed_a_twentieth_of_its_length_too_late_at_most(hours, pause):
    training = {"trainingDetails": {"status": "InProgress", "lastModifiedTime": NOW}}
    job = a_job("InProgress", statusDetails=training) | {"creationTime": NOW - hours * HOURS}
    run = any_run(recipe=any_recipe(limits=Limits(max_hours=96)))
    assert seen(job, run=run).pause_seconds == pause


@pytest.mark.parametrize(("minutes", "pause"), [(0, 0), (100, 300), (300, 900)])
def test_a_job_that_takes_long_to_stop_is_polled_ever_more_seldom(minutes, pause):
    since = moment(NOW - minutes * 60 * SECOND)
    before = structs.replace(STOPPED_BY_US, stopping_since=since)
    reported = seen(a_job("Stopping"), before=before)
    assert (reported.state, reported.pause_seconds) == ("in_progress", pause)
