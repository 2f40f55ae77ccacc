"""What the reconciler measures of all runs: each counts as what it is, whatever the others are."""

from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_record, any_run, any_upload

from lambdas import run_metrics
from lambdas.apart import Apart
from tuning.aws.ledger import Ledger, Unreadable
from tuning.runs.failures import failure
from tuning.runs.progress import Progress
from tuning.runs.run_record import OpenRun
from tuning.runs.run_states import Partition
from tuning.runs.watching_settings import ReconcilerSettings

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
RUN = any_run()
STALLED = Progress(state="in_progress", failure=failure("stalled", "No progress."))


@pytest.fixture
def measured(aws, monkeypatch):  # noqa: ARG001 — the ledger's AWS
    """What is published of these open runs, by its name."""
    published = {}
    monkeypatch.setattr(
        run_metrics.metrics,
        "add_metric",
        lambda *, name, value, **_: published.update({name: value}),
    )
    settings = ReconcilerSettings(
        environment="dev",
        ledger_table="ledger",
        budgets_table="budgets",
        state_machine_arn="arn:machine",
        monthly_budget_usd="none",
    )

    def measure(*runs):
        apart = Apart(what="not measured")
        found = {run.id: run for run in runs}
        run_metrics.publish_metrics(found, Ledger(table="ledger"), settings, NOW, apart)
        assert apart.missed + apart.unreadable == []
        return published

    return measure


def listed(state, run=RUN):
    """As the index of open runs has it, which may be late."""
    return OpenRun(id=run.id, state=state, open=Partition.WORKING, turn=f"2026-11-23#{run.id}")


def test_each_run_that_waits_for_a_job_slot_is_counted(measured):
    other = any_run(upload=any_upload(version_id="v2"))
    third = any_run(upload=any_upload(version_id="v3"))
    runs = listed("queued"), listed("queued", other), listed("started", third)
    assert measured(*runs)["RunsQueued"] == 2


def test_a_run_that_cannot_be_read_hides_none_that_come_after_it(measured):
    assert measured(Unreadable(id="0", why="no state"), listed("queued"))["RunsQueued"] == 1


@pytest.mark.parametrize("state", ["authorized", "stopped", None])
def test_a_run_that_was_answered_a_moment_ago_does_not_wait_for_approval(aws, measured, state):
    if state:
        asked_at = (NOW - timedelta(hours=30)).isoformat()
        aws.dynamodb.lay(any_record(state=state, approval_asked_at=asked_at))
    counted = measured(listed("awaiting_approval"))
    assert (counted["ApprovalsWaiting"], counted["OldestApprovalHours"]) == (0, 0)


@pytest.mark.parametrize(("state", "stalled"), [("training", 1), ("failed", 0), (None, 0)])
def test_a_job_without_progress_is_stalled_until_its_run_has_ended(aws, measured, state, stalled):
    if state:
        aws.dynamodb.lay(any_record(state=state, progress=STALLED))
    assert measured(listed("training"))["StalledJobs"] == stalled
