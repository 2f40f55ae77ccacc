"""What the state machine tries again, for how long, and with how many events."""

import pytest
from machines import of_type, retried
from test_machine import ROOT, TASKS


def test_every_retry_is_bounded_and_spread(states):
    for name, task in of_type(states, "Task").items():
        assert task["Retry"], name
        for retry in (each for each in task["Retry"] if each["MaxAttempts"]):
            assert retry["MaxAttempts"] <= 1000, name
            assert retry["MaxDelaySeconds"] <= 1800, name
            assert retry["JitterStrategy"] == "FULL", name


@pytest.mark.parametrize("task", TASKS)
def test_permanent_faults_of_a_step_are_not_retried(states, task):
    assert retried(states[task]).isdisjoint({"States.ALL", "States.TaskFailed", "States.Timeout"})


def test_errors_that_are_retried_are_raised_under_their_names(states):
    for task in TASKS:
        assert {"Transient", "role_not_assumable"} <= {
            e for r in states[task]["Retry"] for e in r["ErrorEquals"]
        }
    assert "class Transient(Exception):" in (ROOT / "tuning/aws/transient.py").read_text("utf-8")


def test_a_name_in_use_is_tried_again_for_three_quarters_of_an_hour(states):
    """The job may be the run's own, which is paid for and found late."""
    [retry] = [r for r in states["Start training"]["Retry"] if "name_in_use" in r["ErrorEquals"]]
    pauses = [min(2 * 2**n, retry["MaxDelaySeconds"]) for n in range(retry["MaxAttempts"])]
    assert (retry["IntervalSeconds"], retry["BackoffRate"]) == (2, 2)
    assert 2600 < sum(pauses) / 2 < 2800  # full jitter halves them, on average
    assert retry["MaxAttempts"] * 3 < 500  # events of 25,000


@pytest.mark.parametrize("task", TASKS)
def test_a_function_whose_process_died_is_tried_again(states, task):
    """It may have died between two calls, such as after the job was created."""
    assert {"Runtime.ExitError", "Lambda.Unknown"} <= retried(states[task])


@pytest.mark.parametrize("task", TASKS)
def test_a_function_that_fell_asleep_is_given_minutes_to_wake(states, task):
    """After two weeks without an upload the first invocation of each function fails."""
    asleep = {"Lambda.ResourceConflictException", "Lambda.ResourceNotReadyException"}
    [waking] = [r for r in states[task]["Retry"] if asleep <= set(r["ErrorEquals"])]
    waits, delay = [], waking["IntervalSeconds"]
    for _ in range(waking["MaxAttempts"]):
        waits.append(min(delay, waking["MaxDelaySeconds"]))
        delay *= waking["BackoffRate"]
    assert sum(waits) / 2 > 300  # full jitter halves them, on average


INCIDENT_HOURS = 15
"""What depended on DynamoDB in October 2025: https://aws.amazon.com/message/101925/"""


def test_an_incident_of_aws_is_outlasted_with_few_events(states):
    """With full jitter a pause is half of what it may be. Each try is three events of 25,000."""
    passing = {"Transient", "States.TaskFailed"}
    for name in {*TASKS, "Record outcome", "Notify", "Request approval"} | {
        *("Wait for approval", "Wait for job slot"),
    }:
        [retry] = [r for r in states[name]["Retry"] if passing & set(r["ErrorEquals"])]
        pauses, pause = [], retry.get("IntervalSeconds", 1)
        for _ in range(retry["MaxAttempts"]):
            pauses.append(min(pause, retry["MaxDelaySeconds"]))
            pause *= retry.get("BackoffRate", 2)
        assert sum(pauses) / 2 > INCIDENT_HOURS * 3600, name
        in_an_incident = INCIDENT_HOURS * 3600 / (retry["MaxDelaySeconds"] / 2) + 12
        assert in_an_incident * 3 < 500, name


@pytest.mark.parametrize("task", ["Start training", "Track training", "Collect results"])
def test_a_run_that_may_have_a_job_outlasts_ten_days_of_faults(states, task):
    for error in ("Transient", "Lambda.Unknown"):
        [retry] = [r for r in states[task]["Retry"] if error in r["ErrorEquals"]]
        assert retry["MaxAttempts"] * retry["MaxDelaySeconds"] / 2 > 10 * 24 * 3600


@pytest.mark.parametrize("task", TASKS)
def test_whatever_was_cut_off_is_tried_again_but_for_a_check_which_takes_as_long_again(
    states, task
):
    """A check refuses by rule what would take too long; one that is cut off all the same fails its run, at once."""
    assert ("Sandbox.Timedout" in retried(states[task])) == (task != "Prepare dataset")
    [caught] = states[task]["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    assert caught["Next"] == "Step failed"


def test_a_run_waits_while_its_function_is_busy(dev, states):
    """A new account runs ten functions at once: a thousand large uploads must not end in faults."""
    prepare = dev.one("AWS::Lambda::Function", "PrepareDatasetFunction").properties
    longest = 1000 / 10 * prepare["Timeout"]
    for name, task in of_type(states, "Task").items():
        if task["Resource"].endswith(":lambda:invoke"):
            (busy,) = (
                r for r in task["Retry"] if r["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
            )
            # Full jitter halves the waits, on average.
            assert busy["MaxAttempts"] * busy["MaxDelaySeconds"] / 2 > longest, name
