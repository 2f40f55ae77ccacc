"""The reconciler's door: what it finds in three places it brings together, once, and tells."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from domain_builders import any_run, any_upload
from fake_aws import refusal

from lambdas import reconcile_runs
from tuning.aws import ledger
from tuning.runs.budget import month_of

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


def started(world, run=RUN):
    """A run as receive_upload leaves it."""
    ledger.arrive("ledger", run)
    world.aws.stepfunctions.executions[run.id] = json.dumps(run.to_dict())
    ledger.move("ledger", run, "started")


def training(world, run=RUN):
    started(world, run)
    arn = world.aws.bedrock.create_model_customization_job(**JOB)["jobArn"]
    ledger.move("ledger", run, "checked")
    ledger.move("ledger", run, "authorized")
    ledger.move("ledger", run, "training", job_arn=arn, attempt="1")
    return arn


def died(world, run=RUN, status="FAILED", **said):
    long_ago = datetime.now(UTC) - timedelta(days=1)
    world.aws.stepfunctions.end(run.id, status, stopDate=long_ago, **said)


def ended(state="failed", **facts):
    outcome = json.dumps({"state": state, "summary": "It is over."})
    ledger.move("ledger", RUN, state, ended_at="2026-11-23T08:00:00Z", outcome=outcome, **facts)


def given(world, number=2):
    return json.loads(world.aws.stepfunctions.executions[f"{RUN.id}-{number}"])


def test_sound_runs_are_left_alone(world):
    training(world)
    before = json.dumps(world.items)
    assert world.look() == {}
    assert json.dumps(world.items) == before


def test_a_run_that_was_never_started_is_started(world):
    ledger.arrive("ledger", RUN)
    assert world.look() == {RUN.id: ["start"]}
    assert list(world.aws.stepfunctions.executions) == [RUN.id]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_a_run_whose_execution_died_is_taken_up_once(world, status):
    training(world)
    died(world, status=status)
    assert world.look() == {RUN.id: ["start"]}
    assert world.items[RUN.id]["execution"] == f"{RUN.id}-2"
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_whoever_dies_between_start_and_row_starts_nothing_twice(world):
    training(world)
    died(world)
    world.look()
    del world.items[RUN.id]["execution"]
    world.look()
    assert len(world.aws.stepfunctions.executions) == 2


def test_a_stopped_execution_stops_the_run(world):
    training(world)
    died(world, status="ABORTED")
    assert world.look() == {RUN.id: ["write", "start"]}
    assert "stop_asked" in world.items[RUN.id]


def test_a_job_of_a_run_that_failed_is_stopped_and_told(world):
    arn = training(world)
    died(world, error="AccessDeniedException", cause="no")
    ended()
    assert world.look() == {RUN.id: ["stop", "start"]}
    assert world.aws.bedrock.stopped == [arn]
    assert "told to stop" in given(world)["outcome"]["summary"]


def test_jobs_of_other_environments_are_left_alone(world):
    training(world)
    died(world)
    ended(open="closed")
    (job,) = world.aws.bedrock.all_jobs()
    job["tags"] = [{"key": "environment", "value": "prod"}, TAGS[1]]
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_a_claim_is_settled_and_the_run_leaves_the_index(world):
    started(world)
    died(world)
    claim = {"usd": "5", "month": "2026-11", "recipe": "support", "attempt": "x"}
    ended(claim=claim, open="unnotified")
    world.items["budget#2026-11"] = {"pk": "budget#2026-11", "committed": 5}
    assert world.look() == {RUN.id: ["settle", "write"]}
    assert world.items["budget#2026-11"]["spent"] == 5
    assert "open" not in world.items[RUN.id]
    assert world.look() == {}


def test_a_row_that_is_lost_comes_back_and_its_job_goes_on(world):
    arn = training(world)
    del world.items[RUN.id]
    assert world.look() == {RUN.id: ["rebuild"]}
    row = world.items[RUN.id]
    assert (row["state"], row["job_arn"]) == ("training", arn)
    assert RUN.upload.facts.items() <= row.items()
    assert world.look() == {}
    assert world.aws.bedrock.stopped == []


def test_a_row_that_came_back_by_itself_is_not_overwritten(world):
    ledger.arrive("ledger", RUN)
    ledger.put_back("ledger", {"pk": RUN.id, "state": "trained"})
    assert world.items[RUN.id]["state"] == "received"


def test_a_job_of_which_nothing_is_known_is_stopped_and_an_alarm_rings(world, log):
    arn = world.aws.bedrock.create_model_customization_job(**JOB)["jobArn"]
    assert world.look() == {RUN.id: ["stop", "report"]}
    assert world.aws.bedrock.stopped == [arn]
    assert any(line.get("RunsNotHealed") == [1.0] for line in log())


def test_a_run_that_makes_trouble_hides_no_other(world, monkeypatch):
    for run in (RUN, OTHER):
        started(world, run)
        died(world, run)
    first, second = sorted((RUN.id, OTHER.id))
    start = world.aws.stepfunctions.start_execution

    def trouble(**call):
        if call["name"].startswith(first):
            raise refusal("AccessDeniedException")
        return start(**call)

    monkeypatch.setattr(world.aws.stepfunctions, "start_execution", trouble)
    with pytest.raises(reconcile_runs.NotReconciled, match=f"^{first}$"):
        world.look()
    assert f"{second}-2" in world.aws.stepfunctions.executions


UNREADABLE = {
    "a state that is missing": {"state": None},
    "an arrival that is no time": {"state": "started", "arrived_at": "yesterday"},
    "an end that is no time": {"state": "failed", "ended_at": "?", "outcome": "{}"},
    "an outcome that is no JSON": {"state": "failed", "outcome": "{", "claim": "{}"},
    "a run that is no JSON": {"state": "training", "run": "{", "execution": "gone"},
    "progress that is no JSON": {"state": "training", "progress": "["},
    "progress of another kind": {"state": "training", "progress": '"done"'},
    "a question without a time": {"state": "awaiting_approval", "asked_at": "soon"},
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
    if healed.get(bad.id) == ["report"]:
        assert any(line.get("RunsNotHealed") for line in log())
    else:
        assert healed[bad.id][-1] in ("start", "write"), "it was healed in spite of that"
    assert {"ApprovalsWaiting", "StalledJobs"} <= {name for line in log() for name in line}


def test_ids_of_the_records_above_sort_before_and_after_the_sound_one():
    ids = [any_run(upload=any_upload(version_id=v)).id for v in ("v2", "v4")]
    assert min(ids) < RUN.id < max(ids)


def test_a_job_whose_tags_cannot_be_read_hides_no_other(world, monkeypatch):
    arn = training(world)
    died(world)
    world.aws.bedrock.create_model_customization_job(
        **{**JOB, "jobName": "0-other", "customModelName": "0-other"}
    )
    read = world.aws.bedrock.list_tags_for_resource

    def trouble(*, resourceARN):  # noqa: N803 — AWS's names
        if resourceARN != arn:
            raise refusal("AccessDeniedException")
        return read(resourceARN=resourceARN)

    monkeypatch.setattr(world.aws.bedrock, "list_tags_for_resource", trouble)
    with pytest.raises(reconcile_runs.NotReconciled):
        world.look()
    assert f"{RUN.id}-2" in world.aws.stepfunctions.executions


def test_every_page_of_every_list_is_turned(world):
    runs = [any_run(upload=any_upload(version_id=f"v{n}")) for n in range(7)]
    for run in runs:
        started(world, run)
    died(world, runs[6])
    assert list(world.look()) == [runs[6].id]


def test_gauges_say_what_waits_stalls_and_is_left(world, monkeypatch, log):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "100")
    reconcile_runs._settings.cache_clear()  # noqa: SLF001 — a function's cache
    now = datetime.now(UTC)
    month = month_of(now)
    world.items[f"budget#{month}"] = {"pk": f"budget#{month}", "committed": 40}
    training(world, RUN)
    ledger.note("ledger", RUN, progress={"state": "in_progress", "failure": {"kind": "stalled"}})
    started(world, OTHER)
    ledger.move("ledger", OTHER, "checked")
    asked_at = (now - timedelta(hours=30)).isoformat()
    ledger.move("ledger", OTHER, "awaiting_approval", asked_at=asked_at)
    world.look()
    [told] = [line for line in log() if "BudgetLeftUsd" in line]
    assert told["environment"] == "dev"
    assert {k: v for k, v in told.items() if isinstance(v, list)} == {
        "ApprovalsWaiting": [1.0],
        "OldestApprovalHours": [30.0],
        "RunsQueued": [0.0],
        "StalledJobs": [1.0],
        "BudgetLeftUsd": [60.0],
    }
