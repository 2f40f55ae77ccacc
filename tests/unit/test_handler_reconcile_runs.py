"""The reconciler's function: what it finds in three places it brings together, once, and notifies."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from domain_builders import any_record, any_run, any_upload
from fake_aws import refusal
from interleaved import refusing
from msgspec import structs

from lambdas import reconcile_runs
from tuning.aws.ledger import Ledger
from tuning.runs.budget import month_of
from tuning.runs.failures import failure
from tuning.runs.money_records import Reservation
from tuning.runs.outcome import Outcome
from tuning.runs.progress import Progress
from tuning.runs.run_states import Partition

RUN = any_run()
OTHER = any_run(upload=any_upload(version_id="v2"))
TAGS = [{"key": "environment", "value": "dev"}, {"key": "run", "value": RUN.id}]
JOB = {
    "jobName": RUN.job_name,
    "customModelName": RUN.job_name,
    "baseModelIdentifier": "m",
    "trainingDataConfig": {"s3Uri": "s3://prepared/x"},
    "outputDataConfig": {"s3Uri": "s3://artifacts/x"},
    "jobTags": TAGS,
}


@pytest.fixture
def world(aws, context):
    def look():
        return reconcile_runs.handler({}, context)["healed"]

    return SimpleNamespace(aws=aws, look=look, items=aws.dynamodb.items)


LEDGER = Ledger(table="ledger")


def kept(world, run=RUN):
    return world.aws.dynamodb.record(run.id)


def started(world, run=RUN):
    """A run as receive_upload leaves it."""
    LEDGER.arrive(run)
    world.aws.stepfunctions.executions[run.id] = json.dumps(run.to_dict())
    LEDGER.move(run, "started")


def training(world, run=RUN):
    started(world, run)
    arn = world.aws.bedrock.create_model_customization_job(**JOB)["jobArn"]
    LEDGER.move(run, "checked")
    LEDGER.move(run, "authorized")
    LEDGER.move(run, "training", job_arn=arn, attempt=1)
    return arn


def died(world, run=RUN, status="FAILED", **said):
    long_ago = datetime.now(UTC) - timedelta(days=1)
    world.aws.stepfunctions.end(run.id, status, stopDate=long_ago, **said)


def ended(state="failed", **facts):
    outcome = Outcome(state=state, summary="It is over.")
    LEDGER.move(RUN, state, ended_at="2026-11-23T08:00:00Z", outcome=outcome, **facts)


def given(world, number=2):
    return json.loads(world.aws.stepfunctions.executions[f"{RUN.id}-{number}"])


def test_sound_runs_are_left_alone(world):
    training(world)
    before = json.dumps(world.items)
    assert world.look() == {}
    assert json.dumps(world.items) == before


def test_of_sound_runs_no_execution_is_looked_at(world, monkeypatch):
    """There may be hundreds, each round."""
    training(world)
    monkeypatch.setattr(world.aws.stepfunctions, "describe_execution", None)
    assert world.look() == {}


def test_a_run_that_was_never_started_is_started_and_counted(world, log):
    LEDGER.arrive(RUN)
    assert world.look() == {RUN.id: ["start"]}
    assert list(world.aws.stepfunctions.executions) == [RUN.id]
    lines = log()
    assert any(line.get("RunsHealed") == [1.0] for line in lines)
    assert "already started" not in [line.get("message") for line in lines]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_a_run_whose_execution_died_is_taken_up_once(world, status):
    training(world)
    died(world, status=status)
    assert world.look() == {RUN.id: ["start"]}
    assert kept(world).execution == f"{RUN.id}-2"
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_whoever_dies_between_start_and_row_starts_nothing_twice(world, log):
    training(world)
    died(world)
    world.look()
    world.aws.stepfunctions.end(f"{RUN.id}-2")
    world.aws.dynamodb.lay(structs.replace(kept(world), execution=None))
    world.look()
    assert len(world.aws.stepfunctions.executions) == 2
    [line] = [line for line in log() if line.get("message") == "already started"]
    assert (line["run"], line["execution"]) == (RUN.id, f"{RUN.id}-2")


def test_a_stopped_execution_stops_the_run(world):
    training(world)
    died(world, status="ABORTED")
    assert world.look() == {RUN.id: ["write", "start"]}
    assert kept(world).stop_asked


def test_a_job_of_a_run_that_failed_is_stopped_and_reported(world):
    arn = training(world)
    died(world, error="AccessDeniedException", cause="no")
    ended()
    assert world.look() == {RUN.id: ["stop", "start"]}
    assert world.aws.bedrock.stopped == [arn]
    assert "asked to stop" in given(world)["outcome"]["summary"]


def test_the_log_says_why_a_job_could_not_be_stopped_any_more(world, log):
    arn = training(world)
    died(world)
    ended()
    world.aws.bedrock.conflict = True
    world.look()
    [line] = [line for line in log() if line.get("message") == "not stopped"]
    assert (line["job_arn"], line["why"]) == (arn, "The job is already InProgress.")


def test_jobs_of_other_environments_are_left_alone(world):
    training(world)
    died(world)
    ended()
    world.aws.dynamodb.lay(structs.replace(kept(world), open=None))
    (job,) = world.aws.bedrock.all_jobs()
    job["tags"] = [{"key": "environment", "value": "prod"}, TAGS[1]]
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_a_reservation_is_settled_and_the_run_leaves_the_index(world):
    started(world)
    died(world)
    reserved = Reservation(usd=Decimal(5), month="2026-11", recipe="support", recipe_digest="x")
    ended(reservation=reserved, open=Partition.UNNOTIFIED)
    world.aws.dynamodb.budgets["budget#2026-11"] = {"pk": "budget#2026-11", "committed": 5}
    assert world.look() == {RUN.id: ["settle", "write"]}
    assert world.aws.dynamodb.budgets["budget#2026-11"]["spent"] == 5
    assert kept(world).open is None
    assert world.look() == {}


def test_a_row_that_is_lost_comes_back_and_its_job_goes_on(world):
    arn = training(world)
    del world.items[RUN.id]
    assert world.look() == {RUN.id: ["rebuild"]}
    assert (kept(world).state, kept(world).job_arn) == ("training", arn)
    assert RUN.upload.facts.items() <= structs.asdict(kept(world)).items()
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_a_row_that_came_back_by_itself_is_not_overwritten(world):
    LEDGER.arrive(RUN)
    assert not LEDGER.put_new(any_record(state="trained"))
    assert kept(world).state == "received"


def test_a_job_of_which_nothing_is_known_is_stopped_and_an_alarm_fires(world, log):
    arn = world.aws.bedrock.create_model_customization_job(**JOB)["jobArn"]
    assert world.look() == {RUN.id: ["stop", "escalate"]}
    assert world.aws.bedrock.stopped == [arn]
    assert any(line.get("RunsNotHealed") == [1.0] for line in log())


def test_a_run_that_makes_trouble_hides_no_other(world):
    for run in (RUN, OTHER):
        started(world, run)
        died(world, run)
    first, second = sorted((RUN.id, OTHER.id))
    steps, denied = world.aws.stepfunctions, refusal("AccessDeniedException")
    trouble = refusing(
        steps, "start_execution", denied, lambda **call: call["name"].startswith(first)
    )
    with trouble, pytest.raises(reconcile_runs.NotReconciled, match=f"^{first}$"):
        world.look()
    assert f"{second}-2" in world.aws.stepfunctions.executions


UNREADABLE = {
    "a state that is missing": {"state": None},
    "an arrival that is not a time": {"state": "started", "arrived_at": "yesterday"},
    "an end that is not a time": {"state": "failed", "ended_at": "?", "outcome": "{}"},
    "an outcome that is not JSON": {"state": "failed", "outcome": "{", "reservation": "{}"},
    "a run that is not JSON": {"state": "training", "run": "{", "execution": "gone"},
    "progress that is not JSON": {"state": "training", "progress": "["},
    "progress of another kind": {"state": "training", "progress": '"done"'},
    "a question without a time": {"state": "awaiting_approval", "approval_asked_at": "soon"},
    "an execution without a number": {"state": "training", "execution": "x-y"},
}


@pytest.mark.parametrize("facts", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("version", ["v2", "v4"])  # one id sorts before the sound run's, one after
def test_a_record_that_cannot_be_read_stops_neither_the_others_nor_the_metrics(
    world, log, facts, version
):
    started(world, RUN)
    died(world, RUN)
    bad = any_run(upload=any_upload(version_id=version))
    started(world, bad)
    died(world, bad)
    row = world.items[bad.id]
    row |= {"ended_at": "2026-11-23T08:00:00Z"} | facts
    for name in [name for name, value in row.items() if value is None]:
        del row[name]
    healed = world.look()
    assert healed[RUN.id] == ["start"]
    if healed.get(bad.id) == ["escalate"]:
        assert any(line.get("RunsNotHealed") for line in log())
    else:
        assert healed[bad.id][-1] in ("start", "write"), "it was healed in spite of that"
    assert {"ApprovalsWaiting", "StalledJobs"} <= {name for line in log() for name in line}


def test_ids_of_the_records_above_sort_before_and_after_the_sound_one():
    ids = [any_run(upload=any_upload(version_id=v)).id for v in ("v2", "v4")]
    assert min(ids) < RUN.id < max(ids)


def test_a_job_whose_tags_cannot_be_read_hides_no_other(world):
    arn = training(world)
    died(world)
    world.aws.bedrock.create_model_customization_job(
        **{**JOB, "jobName": "0-other", "customModelName": "0-other"}
    )
    bedrock, denied = world.aws.bedrock, refusal("AccessDeniedException")
    others = refusing(
        bedrock, "list_tags_for_resource", denied, lambda **of: of != {"resourceARN": arn}
    )
    with others, pytest.raises(reconcile_runs.NotReconciled):
        world.look()
    assert f"{RUN.id}-2" in world.aws.stepfunctions.executions


def test_every_page_of_every_list_is_turned(world):
    runs = [any_run(upload=any_upload(version_id=f"v{n}")) for n in range(7)]
    for run in runs:
        started(world, run)
    died(world, runs[6])
    assert list(world.look()) == [runs[6].id]


def test_metrics_say_what_waits_stalls_and_is_left(world, monkeypatch, log):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "100")
    reconcile_runs._settings.cache_clear()  # noqa: SLF001 — a function's cache
    now = datetime.now(UTC)
    month = month_of(now)
    world.aws.dynamodb.budgets[f"budget#{month}"] = {"pk": f"budget#{month}", "committed": 40}
    training(world, RUN)
    LEDGER.note(
        RUN, progress=Progress(state="in_progress", failure=failure("stalled", "No progress."))
    )
    started(world, OTHER)
    LEDGER.move(OTHER, "checked")
    asked_at = (now - timedelta(hours=30)).isoformat()
    LEDGER.move(OTHER, "awaiting_approval", approval_asked_at=asked_at)
    world.look()
    [reported] = [line for line in log() if "BudgetLeftUsd" in line]
    assert reported["environment"] == "dev"
    assert {k: v for k, v in reported.items() if isinstance(v, list)} == {
        "ApprovalsWaiting": [1.0],
        "OldestApprovalHours": [30.0],
        "RunsQueued": [0.0],
        "StalledJobs": [1.0],
        "BudgetLeftUsd": [60.0],
    }
