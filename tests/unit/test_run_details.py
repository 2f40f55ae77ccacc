"""Run details say what each part of AWS still knows of a run, and what to do next in every state."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_record, any_reservation, any_run, any_upload
from msgspec import structs

from tuning.runs import progress_bar
from tuning.runs.approvals import Approval
from tuning.runs.failures import FAILURE_KINDS
from tuning.runs.money_records import Charged, PriceRange, Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress import Progress
from tuning.runs.recipes import Limits
from tuning.runs.run_details import run_details
from tuning.runs.run_states import ENDED, OPEN, STATES

T0 = datetime(2026, 11, 23, 7, tzinfo=UTC)


def outcome(state="failed", **facts):
    return Outcome(state=state, **facts)


def reported(uri):
    return PreparedDataset(summary="Refused.", verdict="refused", report_uri=uri)


def test_the_exact_version_of_the_upload_is_reported():
    printed = run_details(any_record())
    assert (printed.upload["version_id"], printed.upload["bucket"]) == ("v1", any_upload().bucket)
    assert printed.recipe["name"] == "support"


def test_a_state_that_was_entered_often_is_one_step_with_its_times():
    entered = [("Look", T0), ("Wait", T0 + timedelta(1)), ("Look", T0 + timedelta(2))]
    look, wait = run_details(any_record(), entered=entered).steps
    assert (look.name, look.times) == ("Look", 2)
    assert (look.first_at, look.last_at) == (
        "2026-11-23T07:00:00+00:00",
        "2026-11-25T07:00:00+00:00",
    )
    assert wait.times == 1


def test_who_approved_when_and_why_is_reported_and_that_nobody_has_proved_it():
    answer = Approval(decision="approve", by="arn:ann", at="2026-11-23", note="go")
    printed = run_details(
        any_record(approval_reason="It may cost 9 USD.", approval=answer)
    ).decisions
    assert printed[0] == "A person was asked: It may cost 9 USD."
    assert printed[1] == "Approved by arn:ann (a name that the approver gave) at 2026-11-23: go"
    proved = structs.replace(answer, verified=True)
    assert "(a name" not in run_details(any_record(approval=proved)).decisions[0]


def test_a_second_try_a_reservation_and_a_wish_to_stop_are_decisions():
    reserved = Reservation(
        usd=Decimal("1.20"), month="2026-11", recipe="support", recipe_digest="d"
    )
    record = any_record(reservation=reserved, attempt=2, stop_asked="arn:bob at noon")
    printed = run_details(record).decisions
    assert [line.split()[0] for line in printed] == ["1.20", "The", "Asked"]


def test_a_first_try_says_nothing_of_a_second_one():
    assert run_details(any_record()).decisions == ()
    again = run_details(any_record(state="again")).decisions
    assert again == run_details(any_record(attempt=2)).decisions != ()


@pytest.mark.parametrize(
    ("storage_usd", "words"),
    [
        (Decimal(0), "4 USD were reserved from the budgets of 2026-11."),
        (
            Decimal("1.95"),
            "4 USD were reserved from the budgets of 2026-11, 1.95 of them for its model's first month.",
        ),
    ],
)
def test_what_is_reserved_for_storage_is_reported_when_any_is(storage_usd, words):
    reserved = any_reservation(any_run(), storage_usd=storage_usd)
    assert run_details(any_record(reservation=reserved)).decisions == (words,)


def test_only_of_a_run_in_the_queue_it_is_said_how_long_it_waits():
    run = any_run(recipe=any_recipe(limits=Limits(max_hours=10)))
    queued = any_record(of=run, state="queued")
    waits = run_details(queued, position=3, slots=2).expected_wait
    assert waits == "at most 20 hours, with 2 job slots and jobs of 10 hours"
    assert run_details(queued, slots=2).expected_wait is None
    lost = any_record(state="queued", run=None)
    assert run_details(lost, position=3, slots=2).expected_wait is None


def test_the_token_of_a_waiting_run_is_never_reported():
    printed = run_details(any_record(state="awaiting_approval", task_token="secret-token"))  # noqa: S106 — a made-up one
    assert "secret-token" not in json.dumps(printed.to_dict())


def job(**given):
    detail = {"status": "Completed", "creationTime": T0, "lastModifiedTime": T0}
    return {
        "jobName": "support-1",
        "status": "InProgress",
        "creationTime": T0,
        "statusDetails": {"validationDetails": detail},
        **given,
    }


def test_the_job_is_reported_with_its_sub_statuses():
    printed = run_details(any_record(job_arn="arn:job"), job=job(failureMessage="bad")).job
    assert (printed["arn"], printed["status"], printed["failure_message"]) == (
        "arn:job",
        "InProgress",
        "bad",
    )
    (phase,) = printed["phases"]
    assert (phase["name"], phase["status"]) == ("validation", "Completed")
    assert phase["began_at"] == phase["changed_at"] == "2026-11-23T07:00:00+00:00"


def test_a_phase_of_the_job_that_has_not_begun_has_no_times():
    not_begun = {"trainingDetails": {"status": "NotStarted"}}
    printed = run_details(any_record(job_arn="arn:job"), job=job(statusDetails=not_begun)).job
    (phase,) = printed["phases"]
    assert (phase["status"], phase["began_at"], phase["changed_at"]) == ("NotStarted", None, None)


def test_a_job_that_bedrock_forgot_is_reported_as_it_was_last_seen():
    polled = Progress(status="Completed", phase="Training", state="trained")
    printed = run_details(any_record(state="trained", job_arn="arn:job", progress=polled)).job
    assert (printed["status"], printed["seen"]) == ("Completed", "at the last poll of the run")
    assert run_details(any_record(state="checked")).job == {}


def test_cost_is_reported_as_estimated_and_as_it_came_to():
    estimate = PriceRange(low_usd=Decimal(1), training_usd=Decimal(2), high_usd=Decimal(4))
    usd = Decimal("1.90")
    record = any_record(
        state="trained",
        estimate=estimate,
        cost=Charged(usd=usd, basis="computed"),
        settlement=Settlement(usd=usd),
    )
    printed = run_details(record).cost
    assert [printed[f"estimated_{end}usd"] for end in ("low_", "", "high_")] == [1, 2, 4]
    assert (printed["actual_usd"], printed["settled_usd"]) == (usd, usd)


def test_both_reports_are_named():
    printed = run_details(
        any_record(state="refused", dataset=reported("s3://b/runs/x/report.html"))
    )
    assert printed.reports == ("s3://b/runs/x/report.html", "s3://b/runs/x/report.json")
    known_by_its_end = outcome("refused", report="s3://b/runs/x/report.html")
    assert (
        run_details(any_record(state="refused", outcome=known_by_its_end)).reports
        == printed.reports
    )


@pytest.mark.parametrize("state", STATES)
def test_every_state_says_what_to_do_and_leaves_no_gap(state):
    printed = run_details(
        any_record(state=state, outcome=outcome(fix="Fix it.") if state == "failed" else None)
    )
    assert printed.next
    assert "{" not in printed.next


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_a_failure_says_what_mends_it_and_where_to_read_more(kind):
    printed = run_details(
        any_record(state="failed", outcome=outcome(kind=kind, fix=FAILURE_KINDS[kind].fix))
    )
    assert FAILURE_KINDS[kind].fix in printed.next
    assert f"docs/runbook.md, {kind}" in printed.next


def test_a_failed_step_is_looked_up_as_one():
    printed = run_details(
        any_record(state="failed", outcome=outcome(kind="Transient", fix="Look."))
    )
    assert printed.next == "Look. More: docs/runbook.md, errors of a step."


def test_a_run_that_nobody_approved_may_ask_again():
    printed = run_details(
        any_record(
            state="refused", outcome=outcome("refused", kind="not_approved", fix="Upload again.")
        )
    )
    assert printed.next == "Upload again."


def test_an_upload_to_no_recipe_has_no_report_to_read():
    assert "folder of a recipe" in run_details(any_record(state="refused")).next
    read = any_record(state="refused", dataset=reported("s3://b/report.html"))
    assert "Read the report" in run_details(read).next


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"approval_asked_at": "2026-11-24T06:30:00+00:00"}, "2026-11-24T08:30"),
        ({}, "2026-11-23T09:00"),
    ],
    ids=["when it asked is known", "a rebuilt row: not before its arrival"],
)
def test_a_run_that_waits_for_a_person_says_until_when(facts, end):
    run = any_run(recipe=any_recipe(limits=Limits(approval_hours=2)))
    printed = run_details(any_record(of=run, state="awaiting_approval", **facts))
    assert f"not before {end}:00+00:00" in printed.next


def test_a_run_that_waits_for_a_person_says_how_to_answer_though_its_row_was_lost():
    printed = run_details(any_record(state="awaiting_approval", run=None))
    assert printed.next.startswith(f"tuning approve {printed.run}")
    assert "Unanswered" not in printed.next


def test_a_row_that_was_lost_and_written_anew_is_reported_as_far_as_it_goes():
    printed = run_details(any_record(state="failed", run=None, outcome=outcome(summary="s")))
    assert (printed.recipe, printed.dataset, printed.steps) == ({}, None, ())
    assert printed.to_dict()["outcome"]["summary"] == "s"


def test_no_state_stalls_the_progress_bar():
    assert all(0 < progress_bar.steps(any_record(state=state)) < progress_bar.ALL for state in OPEN)
    assert {progress_bar.steps(any_record(state=state)) for state in ENDED} == {progress_bar.ALL}


def test_the_phase_of_a_job_moves_the_bar_and_is_said():
    polled = Progress(state="in_progress", phase="Training", status="InProgress")
    moving = any_record(state="training", progress=polled)
    assert progress_bar.steps(moving) > progress_bar.steps(any_record(state="training"))
    assert progress_bar.words(moving) == "training, Training (InProgress)"
    assert progress_bar.words(any_record(state="queued"), 3) == "queued, position 3"


def test_a_job_whose_phase_is_not_known_does_not_move_the_bar_back():
    begun = any_record(state="training")
    polled = structs.replace(begun, progress=Progress(state="in_progress", status="InProgress"))
    assert progress_bar.steps(polled) == progress_bar.steps(begun)


def test_a_run_that_waits_for_other_uploads_shows_until_when_and_then_goes_on():
    waiting = any_record(state="started", waits_until="2026-11-23T07:30:00+00:00")
    said = "waits for other uploads until 2026-11-23T07:30:00+00:00"
    assert progress_bar.words(waiting) == said
    assert progress_bar.words(structs.replace(waiting, state="checked")) == "checked"
    assert progress_bar.words(any_record(state="started")) == "started"


def test_the_phase_of_a_first_job_is_not_that_of_the_second():
    polled = Progress(state="again", phase="Validation", status="Failed")
    assert progress_bar.words(any_record(progress=polled)) == "training"


@pytest.mark.parametrize(
    ("states", "worst"),
    [([], None), (["trained"], "trained"), (["trained", "failed", "refused"], "failed")],
)
def test_of_several_ends_the_worst_counts(states, worst):
    assert progress_bar.worst_state(states) == worst
