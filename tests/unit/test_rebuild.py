"""A row that is lost comes back from the execution, its history, and the job's tags."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run
from msgspec import structs

from tuning.runs.approvals import Question
from tuning.runs.customization_job import Job
from tuning.runs.money_records import Reservation
from tuning.runs.outcome import Outcome
from tuning.runs.rebuild import Execution, rebuilt
from tuning.runs.run import Run
from tuning.runs.training_metrics import Collected, Curve, Results

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
    assert RUN.upload.facts.items() <= structs.asdict(record).items()
    assert record.training_run == RUN
    assert (record.id, record.state, record.open) == (RUN.id, "started", "working")
    assert record.turn == f"{record.arrived_at}#{RUN.id}"


@pytest.mark.parametrize(("name", "attempt"), [(RUN.job_name, 1), (f"{RUN.job_name}-2", 2)])
def test_a_job_that_bears_the_runs_tag_is_the_runs(name, attempt):
    jobs = [Job(arn="arn:job", name=name, status="InProgress")]
    record = rebuilt(execution(), jobs=jobs)
    assert (record.state, record.job_arn, record.attempt) == ("training", "arn:job", attempt)


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


def test_the_first_job_of_a_run_whose_input_counts_no_attempts_is_its_first():
    """The input of an execution that was started by hand."""
    given = {name: each for name, each in RUN.to_dict().items() if name != "attempt"}
    begun = replace(execution(), given=given)
    assert rebuilt(begun, history=WAYS["training"]).attempt == 1


def test_a_run_without_a_known_price_has_reserved_no_more_than_its_storage():
    for storage in ({"storage_usd": "1.95"}, {}):
        history = [*CHECKED, *step("Authorize spend", decision="authorized", **storage)]
        reserved = rebuilt(execution(), history=history).reservation
        assert reserved.usd == Decimal(storage.get("storage_usd", 0))


def waits(name, token, since=AT):
    """A task of that state, which the token answers."""
    values = {":token": {"S": token}, ":now": {"S": since.isoformat()}}
    asked = json.dumps({"ExpressionAttributeValues": values})
    return [entered(name), {"taskScheduledEventDetails": {"parameters": asked}, "timestamp": AT}]


QUESTION = {"usd": "12.50", "dataset": "ab" * 32}
ASKED = [
    *CHECKED,
    *step("Authorize spend", decision="needs_approval", question=QUESTION),
    *waits("Wait for approval", "secret"),
]


def test_a_person_can_still_answer_what_was_asked():
    record = rebuilt(execution(), history=ASKED)
    assert (record.state, record.task_token) == ("awaiting_approval", "secret")
    assert record.question == Question.from_json(QUESTION)


def test_a_run_that_ended_while_a_person_was_asked_can_be_answered_no_more():
    output = json.dumps({"state": "stopped", "summary": "Nobody answered."})
    record = rebuilt(execution("SUCCEEDED", stopped_at=AT, output=output), history=ASKED)
    assert (record.state, record.task_token) == ("stopped", None)


IN_QUEUE = [*WAYS["queued"], *waits("Wait for job slot", "secret")[1:]]


def test_a_run_that_waits_for_a_job_slot_keeps_its_place_in_the_queue():
    record = rebuilt(execution(), history=IN_QUEUE)
    assert (record.state, record.slot_token) == ("queued", "secret")
    assert (record.queue, record.queued_at) == ("job_slots", AT.isoformat())


def test_a_run_that_has_left_the_queue_is_not_let_try_again():
    tries = rebuilt(execution(), history=[*IN_QUEUE, entered("Start training")])
    assert (tries.queue, tries.slot_token) == (None, None)
    trains = rebuilt(execution(), history=[*IN_QUEUE, *BEGUN])
    assert (trains.queue, trains.slot_token, trains.queued_at) == (None, None, None)


def test_a_run_that_tried_in_vain_waits_since_it_came_into_the_queue():
    """Else its patience would begin anew whenever Bedrock has no slot for it."""
    back = waits("Wait for job slot", "another", since=AT + timedelta(days=1))
    record = rebuilt(execution(), history=[*IN_QUEUE, *step("Start training"), *back])
    assert (record.slot_token, record.queued_at) == ("another", AT.isoformat())


def test_a_run_that_got_its_slot_waits_anew_when_it_tries_a_second_time():
    later = AT + timedelta(days=1)
    back = [*step("Start training"), *waits("Wait for job slot", "another", since=later)]
    record = rebuilt(execution(), history=[*IN_QUEUE, *BEGUN, *LOOKED, *back])
    assert record.queued_at == later.isoformat()


def test_a_run_that_ended_in_the_queue_waits_for_no_job_slot():
    failed = execution("FAILED", stopped_at=AT, error="Transient", cause="A step died.")
    record = rebuilt(failed, history=IN_QUEUE)
    assert (record.state, record.queue, record.slot_token) == ("failed", None, None)


def test_other_tasks_have_no_answer_that_a_run_would_wait_for():
    history = [*CHECKED, *waits("Authorize spend", "secret")]
    record = rebuilt(execution(), history=history)
    assert (record.task_token, record.slot_token) == (None, None)


def test_a_run_whose_model_is_made_keeps_it_and_what_its_job_reported():
    results = Results(training=Curve(steps=2, first=2.0, last=1.0, lowest=0.5))
    collected = Collected(model_arn="arn:model", results=results).to_json()
    history = [*WAYS["training"], *step("Collect results", **collected)]
    record = rebuilt(execution(), history=history)
    assert (record.model_arn, record.results) == ("arn:model", results)


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


def test_a_failure_of_an_execution_is_read_from_its_description():
    described = Execution.described(
        {
            "name": RUN.id,
            "status": "FAILED",
            "input": json.dumps(RUN.to_dict()),
            "error": "over_time",
            "cause": "Too long.",
            "stopDate": AT,
        }
    )
    outcome = Outcome(state="failed", summary="Too long.", kind="over_time")
    assert rebuilt(described).outcome == outcome


@pytest.mark.parametrize("output", ["", "7", "[]", '["state"]', '{"other": 1}'])
def test_an_execution_that_is_over_and_says_no_outcome_leaves_the_run_open(output):
    record = rebuilt(execution("SUCCEEDED", stopped_at=AT, output=output))
    assert (record.state, record.outcome, record.open) == ("started", None, "working")
