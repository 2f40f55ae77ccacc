"""A row that is lost comes back from the execution, its history, and the job's tags."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run

from tuning.runs.customization_job import Job
from tuning.runs.money_records import Reservation
from tuning.runs.rebuild import Execution, rebuilt
from tuning.runs.run import Run

RUN = Run.new(upload=any_run().upload, recipe=any_recipe(), fallback=any_recipe(name="lite"))
AT = datetime(2026, 11, 30, 23, tzinfo=UTC)


def execution(status="RUNNING", **said):
    return Execution(name=RUN.id, status=status, given=RUN.to_dict(), **said)


def entered(name):
    return {"stateEnteredEventDetails": {"name": name}, "timestamp": AT}


def step(name, **answer):
    output = json.dumps({"Payload": answer})
    return [entered(name), {"taskSucceededEventDetails": {"output": output}, "timestamp": AT}]


CHECKED = step("Prepare dataset", verdict="accepted", training_tokens=7)
ALLOWED = step("Authorize spend", decision="authorized", high_usd="12.50")
BEGUN = step("Start training", state="started", job_arn="arn:job")
LOOKED = [entered("Wait for job"), *step("Track training", state="in_progress", phase="Training")]


def test_a_row_has_what_every_row_begins_with():
    record = rebuilt(execution())
    assert RUN.upload.facts.items() <= vars(record).items()
    assert record.training_run == RUN
    assert (record.id, record.state, record.open) == (RUN.id, "started", "working")
    assert record.turn == f"{record.arrived_at}#{RUN.id}"


def test_a_job_that_bears_the_runs_tag_is_the_runs():
    jobs = [Job(arn="arn:2", name=f"{RUN.job_name}-2", status="InProgress")]
    record = rebuilt(execution(), jobs=jobs)
    assert (record.state, record.job_arn, record.attempt) == ("training", "arn:2", 2)


WAYS = {
    "started": [entered("Prepare dataset")],
    "checked": [*CHECKED, entered("Authorize spend")],
    "authorized": [*CHECKED, *ALLOWED, entered("Start training")],
    "queued": [
        *CHECKED,
        *ALLOWED,
        *step("Start training", state="queued"),
        entered("Wait for job slot"),
    ],
    "training": [*CHECKED, *ALLOWED, *BEGUN, *LOOKED],
}


@pytest.mark.parametrize("state", WAYS)
def test_a_history_says_which_state_the_run_is_in(state):
    record = rebuilt(execution(), history=WAYS[state])
    assert record.state == state
    assert record.open == "working"


def test_a_history_says_what_was_learnt_and_reserved():
    record = rebuilt(execution(), history=WAYS["training"])
    assert record.dataset.training_tokens == 7
    assert record.progress.phase == "Training"
    assert (record.job_arn, record.attempt) == ("arn:job", 1)
    assert record.reservation == Reservation(
        usd=Decimal("12.50"),
        month="2026-11",
        recipe=RUN.recipe.name,
        recipe_digest=RUN.recipe.digest,
    )


def test_a_reservation_that_is_rebuilt_has_the_storage_that_was_reserved():
    said = {"decision": "authorized", "high_usd": "12.50", "storage_usd": "1.95"}
    history = [*CHECKED, *step("Authorize spend", **said), *BEGUN]
    found = rebuilt(execution(), history=history).reservation
    assert (found.usd, found.storage_usd) == (Decimal("14.45"), Decimal("1.95"))


def test_a_second_try_has_its_own_reservation_and_its_own_job():
    again = step("Track training", state="again", next_run=RUN.again().to_dict())
    record = rebuilt(execution(), history=[*WAYS["training"], *again, *CHECKED, *ALLOWED, *BEGUN])
    assert record.attempt == 2
    assert record.reservation.recipe_digest == RUN.again().recipe.digest


def test_a_person_can_still_answer():
    asked = {"ExpressionAttributeValues": {":token": {"S": "secret"}}}
    scheduled = {"taskScheduledEventDetails": {"parameters": json.dumps(asked)}, "timestamp": AT}
    record = rebuilt(execution(), history=[*CHECKED, entered("Wait for approval"), scheduled])
    assert (record.state, record.task_token) == ("awaiting_approval", "secret")


def test_what_was_settled_is_not_settled_again():
    record = rebuilt(execution(), history=[*WAYS["training"], *step("Settle spend", usd="3.00")])
    assert record.settlement.usd == Decimal("3.00")


ENDS = [
    ("SUCCEEDED", {"output": json.dumps({"state": "trained", "summary": "Yes."})}, "trained"),
    ("FAILED", {"error": "over_time", "cause": "Too long."}, "failed"),
]


@pytest.mark.parametrize(("status", "said", "state"), ENDS)
def test_an_execution_that_is_over_says_how_it_ended(status, said, state):
    record = rebuilt(execution(status, stopped_at=AT, **said), history=WAYS["training"])
    assert (record.state, record.ended_at) == (state, AT.isoformat())
    assert record.outcome.summary in ("Yes.", "Too long.")
    assert record.open is None


def test_an_outcome_that_was_not_reported_leaves_the_run_open():
    """So that the reconciler reports it."""
    outcome = {"state": "trained", "summary": "Yes."}
    said = {"error": "OutcomeNotReported", "cause": json.dumps(outcome)}
    record = rebuilt(execution("FAILED", stopped_at=AT, **said), history=WAYS["training"])
    assert (record.state, record.open) == ("training", "working")
