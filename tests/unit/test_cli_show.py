"""Showing and watching, as typed; AWS is in dictionaries."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from cli_world import an_account, lay, left
from domain_builders import any_run
from msgspec import structs

from tuning.cli import polling
from tuning.cli import watch_command as watching
from tuning.cli.aws_errors import UnknownRunError
from tuning.cli.show_command import show_command
from tuning.cli.watch_command import watch_command
from tuning.runs.approvals import Approval
from tuning.runs.money_records import Charged, PriceRange, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.training_metrics import Curve, Results

T0 = datetime(2026, 11, 23, 7, tzinfo=UTC)
TRAINED = {
    "state": "trained",
    "job_arn": "arn:job",
    "model_arn": "arn:model",
    "run": any_run().to_dict(),
    "dataset": PreparedDataset(
        summary="Accepted: 10 records.",
        training_tokens=1200,
        report_uri="s3://a/runs/1/report.html",
    ),
    "estimate": PriceRange(
        low_usd=Decimal(1),
        training_usd=Decimal(2),
        high_usd=Decimal(4),
        storage_usd_per_month=Decimal("1.95"),
    ),
    "approval": Approval(decision="approve", by="arn:ann", at="noon", note="go"),
    "results": Results(training=Curve(steps=200, first=2.5, last=0.5, lowest=0.4)),
    "cost": Charged(usd=Decimal("1.90"), basis="computed"),
    "outcome": Outcome(state="trained", summary="Trained: training loss 2.5 to 0.5"),
}


@pytest.fixture
def account(aws, monkeypatch):
    monkeypatch.setattr(
        polling, "time", SimpleNamespace(sleep=lambda _seconds: None, monotonic=lambda: 0.0)
    )
    return an_account(aws, monkeypatch)


def trained(account, **facts):
    run = lay(account, 1, **{**TRAINED, **facts})
    account.stepfunctions.entered[run] = [("Check", T0), ("Start", T0)]
    detail = {"status": "Completed", "creationTime": T0, "lastModifiedTime": T0}
    account.bedrock.jobs["arn:job"] = {
        "jobName": "support-1",
        "status": "Completed",
        "creationTime": T0,
        "statusDetails": {"trainingDetails": detail},
    }
    return run


def test_the_whole_story_is_reported_to_people(account, capsys):
    run = trained(account)
    assert left(show_command, run=run[:32], shown="text") == 0
    said = capsys.readouterr().out
    for words in (
        *(f"Run {run}: trained", "Trained: training loss 2.5 to 0.5", "Accepted: 10 records."),
        *("Approved by arn:ann", "Check", "arn:job", "training", "2.5 to 0.5, lowest 0.4"),
        *("$2.00 ($1.00 to $4.00)", "$1.90, computed", "report.json", "Deploy arn:model"),
        *("v1", "1,200 an epoch"),
    ):
        assert words in said, words


def test_what_a_budget_has_counted_is_said_beside_what_it_came_to(account, capsys):
    run = trained(account, settlement=Settlement(usd=Decimal("3.80"), charge="job"))
    assert left(show_command, run=run, shown="text") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "$1.90, computed" in said
    assert "$3.80 of the budgets, the most that it may have cost" in said


def test_the_whole_story_is_reported_to_programs(account, capsys):
    run = trained(account)
    assert left(show_command, run=run, shown="json") == 0
    reported = json.loads(capsys.readouterr().out)
    assert reported["steps"][0]["name"] == "Check"
    assert reported["job"]["phases"][0]["status"] == "Completed"
    assert reported["cost"]["estimated_high_usd"] == "4"


def test_a_run_whose_execution_and_job_are_forgotten_is_shown_still(account, capsys):
    run = trained(account, job_arn="arn:gone")
    account.stepfunctions.entered.clear()
    assert left(show_command, run=run, shown="text") == 0
    assert "at the last poll of the run" in capsys.readouterr().out


def test_an_execution_that_took_a_run_up_is_the_one_that_is_reported(account, capsys):
    run = trained(account, execution="second")
    account.stepfunctions.entered["second"] = [("Taken up", T0)]
    left(show_command, run=run, shown="text")
    assert "Taken up" in capsys.readouterr().out


def test_hostile_words_cannot_steer_the_terminal(account, capsys):
    run = trained(account, approval_reason="\x1b[2J[red]now")
    left(show_command, run=run, shown="text")
    said = capsys.readouterr().out
    assert "\x1b[2J" not in said
    assert "\\x1b[2J[red]now" in said


def test_an_unknown_run_is_answered_with_the_nearest(account):
    run = lay(account, 0xABC << 100, state="queued")
    for command in (show_command, watch_command):
        with pytest.raises(UnknownRunError, match=rf"did you mean '{run[:8]}'"):
            command(run="0000abf", shown="text")


def moving(account, run, *states):
    """At each look the run is one state further."""
    coming = iter(states)

    def sleep(_seconds):
        account.dynamodb.lay(structs.replace(account.dynamodb.record(run), state=next(coming)))

    return SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0)


@pytest.mark.parametrize(
    ("end", "code"), [("trained", 0), ("refused", 1), ("stopped", 1), ("failed", 3)]
)
def test_the_exit_code_says_how_it_ended(account, monkeypatch, capsys, end, code):
    run = lay(account, 1, state="checked")
    monkeypatch.setattr(polling, "time", moving(account, run, "training", "training", end))
    assert left(watch_command, run=run, every=1, shown="text") == code
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["checked", "training", end]


def test_a_run_that_has_ended_is_said_at_once(account, capsys):
    run = lay(
        account, 1, state="trained", outcome=Outcome(state="trained", summary="Trained: well")
    )
    assert left(watch_command, run=run, every=1, shown="text") == 0
    captured = capsys.readouterr()
    assert "trained" in captured.out
    assert "Trained: well" in captured.err


def test_all_open_runs_are_watched_to_the_worst_end(account, monkeypatch, capsys):
    now = datetime.now(UTC)
    facts = {"month": f"{now:%Y-%m}", "arrived_at": now.isoformat()}
    lay(account, 1, state="failed", **facts)
    lay(account, 2, state="queued", open="working", queue="job_slots", **facts)
    run = lay(account, 3, state="queued", open="working", queue="job_slots", **facts)

    def sleep(_seconds):
        for number, state in ((2, "trained"), (3, "refused")):
            record = account.dynamodb.record(f"{number:032x}")
            account.dynamodb.lay(structs.replace(record, state=state, open=None, queue=None))

    monkeypatch.setattr(polling, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0))
    assert left(watch_command, run=None, every=1, shown="json") == 1
    reported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {document["run"] for document in reported} == {f"{2:032x}", run}
    assert [d["queue_position"] for d in reported if d["run"] == run] == [2, None]
    assert reported[-1]["steps_done"] == reported[-1]["steps"]


@pytest.mark.usefixtures("account")
def test_nothing_to_watch_is_said(capsys):
    assert left(watch_command, run=None, every=1, shown="text") == 0
    assert "no run is open" in capsys.readouterr().err


def test_an_interrupted_watch_says_that_the_runs_go_on(account, monkeypatch, capsys):
    def interrupted(_seconds):
        raise KeyboardInterrupt

    run = lay(account, 1, state="training")
    monkeypatch.setattr(polling, "time", SimpleNamespace(sleep=interrupted, monotonic=lambda: 0.0))
    assert left(watch_command, run=run, every=1, shown="text") == 130
    assert "the runs go on" in capsys.readouterr().err


def test_on_a_terminal_the_end_stays_on_the_screen(account, monkeypatch, capsys):
    run = lay(
        account, 1, state="checked", outcome=Outcome(state="trained", summary="Trained: well")
    )
    monkeypatch.setattr(polling, "time", moving(account, run, "trained"))
    monkeypatch.setattr(watching.sys.stdout, "isatty", lambda: True, raising=False)
    assert left(watch_command, run=run, every=1, shown="text") == 0
    said = capsys.readouterr().err
    assert "support  trained" in said
    assert "Trained: well" in said
