"""A row that is lost comes back from the execution, its history, and the job's tags."""

import json
from datetime import UTC, datetime

import pytest
from domain_builders import any_recipe, any_run

from tuning.runs.rebuild import Execution, Job, rebuilt
from tuning.runs.run import Run

RUN = Run.new(upload=any_run().upload, recipe=any_recipe(), fallback=any_recipe(name="lite"))
AT = datetime(2026, 11, 30, 23, tzinfo=UTC)
ESTIMATE = {"high_usd": "12.50"}


def execution(status="RUNNING", **said):
    return Execution(name=RUN.id, status=status, given=RUN.to_dict(), **said)


def entered(name):
    return {"stateEnteredEventDetails": {"name": name}, "timestamp": AT}


def step(name, **answer):
    output = json.dumps({"Payload": answer})
    return [entered(name), {"taskSucceededEventDetails": {"output": output}, "timestamp": AT}]


CHECKED = step("Prepare dataset", verdict="accepted", training_tokens=7)
ALLOWED = step("Authorize spend", leave="granted", estimate=ESTIMATE)
BEGUN = step("Start training", state="started", job_arn="arn:job")
LOOKED = [entered("Wait for job"), *step("Track training", state="in_progress", phase="Training")]


def test_a_row_has_what_every_row_begins_with():
    row = rebuilt(execution())
    assert RUN.upload.facts.items() <= row.items()
    assert Run.from_dict(json.loads(row["run"])) == RUN
    assert (row["pk"], row["state"], row["open"]) == (RUN.id, "started", "working")
    assert row["turn"] == f"{row['arrived_at']}#{RUN.id}"


def test_a_job_that_bears_the_runs_tag_is_the_runs():
    jobs = [Job(arn="arn:2", name=f"{RUN.job_name}-2", status="InProgress")]
    row = rebuilt(execution(), jobs=jobs)
    assert (row["state"], row["job_arn"], row["attempt"]) == ("training", "arn:2", "2")


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
def test_a_history_says_where_the_run_stands(state):
    row = rebuilt(execution(), history=WAYS[state])
    assert row["state"] == state
    assert row["open"] == "working"


def waits_for_a_slot(token):
    values = {":token": {"S": token}, ":now": {"S": "2026-11-23T08:00:00Z"}}
    asked = {"parameters": json.dumps({"ExpressionAttributeValues": values})}
    return [
        entered("Wait for job slot"),
        {"timestamp": AT, "taskScheduledEventDetails": asked},
    ]


def test_a_run_that_waits_for_a_job_slot_waits_in_the_queue_again():
    row = rebuilt(execution(), history=[*WAYS["queued"][:-1], *waits_for_a_slot("secret")])
    assert (row["queue"], row["slot_token"]) == ("job_slots", "secret")
    assert row["queued_at"] == "2026-11-23T08:00:00Z"


def test_one_that_was_let_out_of_the_queue_does_not_wait_in_it_again():
    history = [*WAYS["queued"][:-1], *waits_for_a_slot("secret"), entered("Start training")]
    assert rebuilt(execution(), history=history).keys().isdisjoint({"queue", "slot_token"})


def test_a_history_says_what_was_learnt_and_claimed():
    row = rebuilt(execution(), history=WAYS["training"])
    assert json.loads(row["dataset"])["training_tokens"] == 7
    assert json.loads(row["progress"])["phase"] == "Training"
    assert (row["job_arn"], row["attempt"]) == ("arn:job", "1")
    assert json.loads(row["claim"]) == {
        "usd": "12.50",
        "month": "2026-11",
        "recipe": RUN.recipe.name,
        "attempt": RUN.recipe.digest,
    }


def test_a_second_try_has_its_own_claim_and_its_own_job():
    again = step("Track training", state="again", next_run=RUN.again().to_dict())
    row = rebuilt(execution(), history=[*WAYS["training"], *again, *CHECKED, *ALLOWED, *BEGUN])
    assert row["attempt"] == "2"
    assert json.loads(row["claim"])["attempt"] == RUN.again().recipe.digest


def test_a_person_can_still_answer():
    asked = {"ExpressionAttributeValues": {":token": {"S": "secret"}}}
    scheduled = {"taskScheduledEventDetails": {"parameters": json.dumps(asked)}, "timestamp": AT}
    row = rebuilt(execution(), history=[*CHECKED, entered("Wait for approval"), scheduled])
    assert (row["state"], row["task_token"]) == ("awaiting_approval", "secret")


def test_what_was_settled_is_not_settled_again():
    row = rebuilt(execution(), history=[*WAYS["training"], *step("Settle spend", usd="3.00")])
    assert json.loads(row["settled"])["usd"] == "3.00"


ENDS = [
    ("SUCCEEDED", {"output": json.dumps({"state": "trained", "summary": "Yes."})}, "trained"),
    ("FAILED", {"error": "over_time", "cause": "Too long."}, "failed"),
]


@pytest.mark.parametrize(("status", "said", "state"), ENDS)
def test_an_execution_that_is_over_says_how_it_ended(status, said, state):
    row = rebuilt(execution(status, stopped_at=AT, **said), history=WAYS["training"])
    assert (row["state"], row["ended_at"]) == (state, AT.isoformat())
    assert json.loads(row["outcome"])["summary"] in ("Yes.", "Too long.")
    assert "open" not in row


def test_an_outcome_that_was_not_told_leaves_the_run_open():
    """So that the reconciler tells it."""
    outcome = {"state": "trained", "summary": "Yes."}
    said = {"error": "OutcomeNotReported", "cause": json.dumps(outcome)}
    row = rebuilt(execution("FAILED", stopped_at=AT, **said), history=WAYS["training"])
    assert (row["state"], row["open"]) == ("training", "working")
