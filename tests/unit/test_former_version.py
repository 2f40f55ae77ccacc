"""What the former version of this platform stored and sent is read by this one, and the other way round.

`tests/data/former_version` was written by the code of the first version: a deployment changes the
functions under executions that are under way, and a rollback changes them back.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from domain_builders import any_recipe, any_record, any_run

from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.runs.approvals import SpendDecision
from tuning.runs.failures import failure
from tuning.runs.money_records import Charged, Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.progress import Progress
from tuning.runs.rebuild import Execution
from tuning.runs.recipes import ConversionOptions, Limits, Recipe, Retry
from tuning.runs.run import Misdirected, Run, received
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import Partition
from tuning.runs.uploads import Upload

STORED = json.loads((Path(__file__).parents[1] / "data/former_version/stored.json").read_bytes())
RUNS = STORED["runs"]
RESERVED = Reservation(
    usd=Decimal(STORED["claim"]["usd"]),
    **{name: STORED["claim"][name] for name in ("month", "recipe")},
    recipe_digest=STORED["claim"]["attempt"],
)
FULL = any_recipe(
    hyperparameters={"epochCount": 2},
    strict=("DS702",),
    convert=ConversionOptions(map={"prompt": "question"}),
    retry=Retry(recipe="support"),
)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_former_version_keeps_all_that_it_is_known_by(name):
    run, known = Run.from_dict(RUNS[name]["given"]), RUNS[name]["is"]
    names = ("id", "job_name", "request_token", "output_prefix", "reports_prefix")
    assert {n: getattr(run, n) for n in names} == {n: known[n] for n in names}
    assert run.recipe.digest == known["digest"]


def test_a_second_try_after_a_deployment_is_that_of_the_former_version():
    again = json.loads(json.dumps(Run.from_dict(RUNS["full"]["given"]).again().to_dict()))
    former = RUNS["second try"]["given"]
    assert {key: again[key] for key in former} == former


@pytest.mark.parametrize("name", RUNS)
def test_the_former_version_finds_all_that_it_knows_after_a_rollback(name):
    """It derives the id and the names anew, from what it takes: no key of these may be added."""
    former = RUNS[name]["given"]
    written = json.loads(json.dumps(Run.from_dict(former).to_dict()))
    assert {key: written[key] for key in former} == former


def test_what_is_derived_anew_in_another_way_changes_no_run_under_way(monkeypatch):
    """As a recipe that gains a field would: two paid jobs for one upload."""
    run = any_run(recipe=FULL)
    sent = json.loads(json.dumps(run.to_dict()))
    monkeypatch.setattr("tuning.runs.run._digest", lambda *_: "other")
    monkeypatch.setattr("tuning.runs.run._job_name", lambda *_, **__: "other")
    monkeypatch.setattr("tuning.runs.run._token", lambda *_, **__: "other")
    monkeypatch.setattr(Recipe, "wire_hyperparameters", {"epochCount": "2", "new": "1"})
    assert any_run(recipe=FULL).recipe.digest != sent["recipe_digest"]
    returned = Run.from_dict(sent)
    names = ("id", "job_name", "request_token", "output_prefix")
    assert [getattr(returned, n) for n in names] == [getattr(run, n) for n in names]
    assert returned.recipe.digest == sent["recipe_digest"]


def with_more(value):
    """As a later version may write it: every object has a key that nobody knows yet."""
    match value:
        case dict():
            return {**{k: with_more(v) for k, v in value.items()}, "of_a_later_version": {"a": 1}}
        case list():
            return [with_more(each) for each in value]
    return value


NOT_OBJECTS_OF_OURS = ("hyperparameters", "map")  # what people name in them is what they mean


def _cleaned(value):
    if isinstance(value, dict):
        return {
            k: (
                {n: v for n, v in each.items() if n != "of_a_later_version"}
                if k in NOT_OBJECTS_OF_OURS
                else _cleaned(each)
            )
            for k, each in value.items()
        }
    return value


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (Run.from_dict, any_run(recipe=FULL).to_dict()),
        (Run.from_dict, any_run(recipe=FULL).again().to_dict()),
        (received, Misdirected.new(upload=any_run().upload, refusal="Why not.").to_dict()),
        (Recipe.from_dict, FULL.to_dict()),
        (Upload.from_dict, any_run().upload.to_dict()),
        (Reservation.from_json, RESERVED.to_json()),
        *((Progress.kept, progress) for progress in STORED["progress"].values()),
    ],
)
def test_what_a_later_version_writes_besides_is_ignored(read, written):
    sent = json.loads(json.dumps(written))
    more = _cleaned(with_more(sent))
    assert more != sent
    found, expected = read(more), read(sent)
    if isinstance(found, Progress):  # it carries the next run on as it is
        assert (found.state, found.failure) == (expected.state, expected.failure)
    else:
        assert found == expected


def test_what_a_version_does_not_write_has_its_default():
    bare = {"name": "a", "description": "b", "base_model": "c"}
    assert Recipe.from_dict(bare) == Recipe(**bare)
    assert Recipe.from_dict({**bare, "limits": {"max_hours": 3}}).limits == Limits(max_hours=3)
    sent = {"upload": any_run().upload.to_dict(), "recipe": bare}
    assert Run.from_dict(sent) == Run.new(upload=any_run().upload, recipe=Recipe(**bare))


@pytest.mark.parametrize("name", STORED["progress"])
def test_progress_of_the_former_version_is_read(name):
    former = STORED["progress"][name]
    known = {key: value for key, value in former.items() if value is not None}
    assert Progress.kept(former).to_json() == known


FORMER_ROW = {
    "pk": any_run().id,
    "state": "awaiting_approval",
    **any_run().upload.facts,
    "open": "room",
    "attempt": "1",
    "claim": json.dumps(STORED["claim"]),
    "settled": json.dumps({"usd": "3.00", "charge": "job"}),
    "asked": "It may cost 9 USD.",
    "asked_at": "2026-11-23T07:30:00+00:00",
    "cost": json.dumps({"usd": "1.90", "is": "computed"}),
}


def test_a_row_of_the_former_version_is_read():
    record = RunRecord.from_item({name: {"S": text} for name, text in FORMER_ROW.items()})
    assert record == any_record(
        state="awaiting_approval",
        run=None,
        open=Partition.QUEUED,
        reservation=RESERVED,
        settlement=Settlement(usd=Decimal("3.00"), charge="job"),
        approval_reason="It may cost 9 USD.",
        approval_asked_at="2026-11-23T07:30:00+00:00",
        cost=Charged(usd=Decimal("1.90"), basis="computed"),
    )


def test_money_of_the_former_version_is_settled_once_and_replaced_by_a_second_try(aws):
    budgets = Budgets(ledger=Ledger(table="ledger"), table="budgets")
    row = {name: text for name, text in FORMER_ROW.items() if name != "settled"}
    aws.dynamodb.items[any_run().id] = row | {"state": "training"}
    for _ in range(2):
        budgets.settle(any_run().id, "nothing")
    of_all = aws.dynamodb.budgets[f"budget#{RESERVED.month}"]
    assert (of_all["committed"], of_all["spent"]) == (-RESERVED.usd, 0)
    assert aws.dynamodb.record(any_run().id).settlement.usd == 0


def test_runs_of_the_former_version_are_found_in_the_index_of_open_runs(aws):
    for number, partition in enumerate(("room", "untold", "working")):
        keys = {"pk": str(number), "open": partition, "turn": str(number)}
        aws.dynamodb.items[str(number)] = FORMER_ROW | keys
    found = {run_id: run.open for run_id, run in Ledger(table="ledger").open_runs().items()}
    assert found == dict(zip("012", ("queued", "unnotified", "working"), strict=True))


def test_executions_of_the_former_version_read_whether_they_may_spend():
    granted = SpendDecision(decision="authorized", high_usd=Decimal(4)).to_json()
    asked = SpendDecision(decision="needs_approval", why="Dear.", approval_seconds=60).to_json()
    assert granted["leave"] == "granted"
    assert (asked["leave"], asked["why"], asked["seconds"]) == ("asked", "Dear.", 60)


def test_an_outcome_that_the_former_version_did_not_report_is_known_as_such():
    said = {"error": "OutcomeNotTold", "cause": '{"state": "trained", "summary": "Yes."}'}
    execution = Execution(name="x", status="FAILED", given={}, **said)
    assert execution.not_reported
    assert execution.outcome == Outcome(state="trained", summary="Yes.")


def test_a_failure_is_read_from_what_the_former_version_wrote():
    kept = Progress.kept(STORED["progress"]["overdue"])
    assert kept.failure == failure("stalled", "The job was still.")


def test_an_upload_without_a_recipe_is_read_from_what_the_former_version_wrote():
    assert received(STORED["misdirected"]).to_dict() == STORED["misdirected"]
