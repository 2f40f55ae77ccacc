"""A story tells what each part of AWS still knows of a run, and what to do next in every state."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_recipe, any_run, any_upload

from tuning.runs import progress_bar as headway
from tuning.runs.failures import KINDS, failure
from tuning.runs.recipes import Limits
from tuning.runs.run_details import story
from tuning.runs.run_states import ENDED, OPEN, STATES

T0 = datetime(2026, 11, 23, 7, tzinfo=UTC)


def row(state="training", **facts):
    run = any_run()
    typed = {n: f if isinstance(f, str) else json.dumps(f) for n, f in facts.items()}
    return {
        "pk": run.id,
        "state": state,
        "run": json.dumps(run.to_dict()),
        **run.upload.facts,
        **typed,
    }


def test_the_exact_version_of_the_upload_is_told():
    told = story(row())
    assert (told.upload["version_id"], told.upload["bucket"]) == ("v1", any_upload().bucket)
    assert told.recipe["name"] == "support"


def test_a_state_that_was_entered_often_is_one_step_with_its_times():
    entered = [("Look", T0), ("Wait", T0 + timedelta(1)), ("Look", T0 + timedelta(2))]
    look, wait = story(row(), entered=entered).steps
    assert (look.name, look.times) == ("Look", 2)
    assert (look.first_at, look.last_at) == (
        "2026-11-23T07:00:00+00:00",
        "2026-11-25T07:00:00+00:00",
    )
    assert wait.times == 1


def test_who_approved_when_and_why_is_told_and_that_nobody_has_proved_it():
    answer = {"decision": "approve", "by": "arn:ann", "at": "2026-11-23", "note": "go"}
    told = story(row(asked="It may cost 9 USD.", approval=answer | {"verified": False})).decisions
    assert told[0] == "A person was asked: It may cost 9 USD."
    assert told[1] == "Approved by arn:ann (as whoever answered said) at 2026-11-23: go"
    assert "said)" not in story(row(approval=answer | {"verified": True})).decisions[0]


def test_a_second_try_a_claim_and_a_wish_to_stop_are_decisions():
    claim = {"usd": "1.20", "month": "2026-11", "recipe": "support", "attempt": "d"}
    told = story(row(claim=claim, attempt="2", stop_asked="arn:bob at noon")).decisions
    assert [line.split()[0] for line in told] == ["1.20", "The", "Asked"]


def test_the_token_of_a_waiting_run_is_never_told():
    told = story(row("awaiting_approval", task_token="secret-token"))  # noqa: S106 — a made-up one
    assert "secret-token" not in json.dumps(told.to_dict())


def job(**given):
    detail = {"status": "Completed", "creationTime": T0, "lastModifiedTime": T0}
    return {
        "jobName": "support-1",
        "status": "InProgress",
        "creationTime": T0,
        "statusDetails": {"validationDetails": detail},
        **given,
    }


def test_the_job_is_told_with_its_sub_statuses():
    told = story(row(job_arn="arn:job"), job=job(failureMessage="bad")).job
    assert (told["arn"], told["status"], told["failure_message"]) == (
        "arn:job",
        "InProgress",
        "bad",
    )
    (phase,) = told["phases"]
    assert (phase["name"], phase["status"]) == ("validation", "Completed")


def test_a_job_that_bedrock_forgot_is_told_as_it_was_last_seen():
    looked = {"status": "Completed", "phase": "Training", "state": "trained"}
    told = story(row("trained", job_arn="arn:job", progress=looked)).job
    assert (told["status"], told["seen"]) == ("Completed", "at the last look of the run")
    assert story(row("checked")).job == {}


def test_cost_is_told_as_estimated_and_as_it_came_to():
    estimate = {"low_usd": "1", "training_usd": "2", "high_usd": "4"}
    cost = {"usd": "1.90", "is": "computed"}
    told = story(row("trained", estimate=estimate, cost=cost, settled={"usd": "1.90"})).cost
    spread = [told[f"estimated_{end}usd"] for end in ("low_", "", "high_")]
    assert spread == ["1", "2", "4"]
    assert (told["actual_usd"], told["settled_usd"]) == ("1.90", "1.90")


def test_both_reports_are_named():
    told = story(row("refused", dataset={"report_uri": "s3://b/runs/x/report.html"}))
    assert told.reports == ("s3://b/runs/x/report.html", "s3://b/runs/x/report.json")


@pytest.mark.parametrize("state", STATES)
def test_every_state_says_what_to_do_and_leaves_no_gap(state):
    told = story(row(state, outcome={"fix": "Mend it."} if state == "failed" else {}))
    assert told.next
    assert "{" not in told.next


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_says_what_mends_it_and_where_to_read_more(kind):
    told = story(row("failed", outcome=failure(kind, "words").to_dict()))
    assert KINDS[kind].fix in told.next
    assert f"docs/runbook.md, {kind}" in told.next


def test_a_failed_step_is_looked_up_as_one():
    told = story(row("failed", outcome={"kind": "Transient", "fix": "Look."}))
    assert told.next == "Look. More: docs/runbook.md, errors of a step."


def test_a_run_that_nobody_approved_may_ask_again():
    told = story(row("refused", outcome={"kind": "not_approved", "fix": "Upload again."}))
    assert told.next == "Upload again."


def test_an_upload_to_no_recipe_has_no_report_to_read():
    assert "folder of a recipe" in story(row("refused")).next
    reported = story(row("refused", dataset={"report_uri": "s3://b/report.html"}))
    assert "Read the report" in reported.next


@pytest.mark.parametrize(
    ("facts", "end"),
    [({"asked_at": "2026-11-24T06:30:00+00:00"}, "2026-11-24T08:30"), ({}, "2026-11-23T09:00")],
    ids=["when it asked is known", "a rebuilt row: not before its arrival"],
)
def test_a_run_that_waits_for_a_person_says_until_when(facts, end):
    run = any_run(recipe=any_recipe(limits=Limits(approval_hours=2)))
    told = story(row("awaiting_approval", **facts) | {"run": json.dumps(run.to_dict())})
    assert f"not before {end}:00+00:00" in told.next


def test_a_row_that_was_lost_and_written_anew_is_told_as_far_as_it_goes():
    bare = {"pk": "x", "state": "failed", **any_upload().facts, "outcome": '{"summary": "s"}'}
    told = story(bare)
    assert (told.recipe, told.dataset, told.steps) == ({}, {}, ())
    assert told.to_dict()["outcome"] == {"summary": "s"}


def test_no_state_stands_still_in_the_bar():
    assert all(0 < headway.steps(row(state)) < headway.ALL for state in OPEN)
    assert {headway.steps(row(state)) for state in ENDED} == {headway.ALL}


def test_the_phase_of_a_job_moves_the_bar_and_is_said():
    looked = {"state": "in_progress", "phase": "Training", "status": "InProgress"}
    moving = row("training", progress=looked)
    assert headway.steps(moving) > headway.steps(row("training"))
    assert headway.words(moving) == "training, Training (InProgress)"
    assert headway.words(row("queued"), 3) == "queued, queue position 3"


def test_the_phase_of_a_first_job_is_not_that_of_the_second():
    looked = {"state": "again", "phase": "Validation", "status": "Failed"}
    assert headway.words(row("training", progress=looked)) == "training"


@pytest.mark.parametrize(
    ("states", "worst"),
    [([], None), (["trained"], "trained"), (["trained", "failed", "refused"], "failed")],
)
def test_of_several_ends_the_worst_counts(states, worst):
    assert headway.worst(states) == worst
