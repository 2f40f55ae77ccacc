"""A validation set that no run reads is answered once, by what is true of it then."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_event, any_record, any_run, any_upload

from lambdas import receive_upload, reconcile_runs
from tuning.aws.ledger import Ledger
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.validation_sets import GRACE, fate

KEY = "datasets/support-nova-micro/first/validation.jsonl"
ARRIVED = datetime(2026, 11, 23, 7, tzinfo=UTC)
LATER = ARRIVED + GRACE + timedelta(seconds=1)
UPLOAD = any_upload(key=KEY, arrived_at="2026-11-23T07:00:01Z")
LEDGER = Ledger(table="ledger")


def checked(version, verdict="accepted"):
    return PreparedDataset(verdict=verdict, validation_version=version)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(None, "unread", id="no training set"),
        pytest.param(any_record(state="started"), "waits", id="not checked yet"),
        pytest.param(any_record(state="failed"), "read", id="failed before its check"),
        pytest.param(any_record(dataset=checked("v1")), "read", id="trained with it"),
        pytest.param(any_record(dataset=checked(None)), "unread", id="trained without it"),
        pytest.param(any_record(dataset=checked("v0")), "unread", id="trained with an earlier one"),
        pytest.param(any_record(dataset=checked(None, "refused")), "read", id="refused"),
    ],
)
def test_its_fate_follows_from_the_newest_run_of_its_folder(record, expected):
    became, why = fate(UPLOAD, record, LATER)
    assert became == expected
    assert bool(why) == (expected == "unread")
    assert fate(UPLOAD, record, LATER - timedelta(seconds=1)) == ("waits", "")


def test_a_version_that_was_replaced_before_its_training_set_came_is_forgotten_in_silence():
    record = any_record(dataset=checked("v2"))
    early = any_upload(key=KEY, arrived_at="2026-11-23T06:59:00Z")
    assert fate(early, record, LATER) == ("read", "")


def test_one_that_was_replaced_while_the_run_waited_is_forgotten_in_silence():
    waited = {"waits_until": "2026-11-23T07:30:00+00:00", "dataset": checked("v2")}
    assert fate(UPLOAD, any_record(**waited), LATER) == ("read", "")
    late = any_upload(key=KEY, arrived_at="2026-11-23T07:30:01Z")
    became, why = fate(late, any_record(**waited), LATER + timedelta(hours=1))
    assert became == "unread"
    assert "with an earlier version of it" in why


def test_one_of_the_second_that_its_training_set_came_in_was_there_for_its_check():
    """S3 says when by the second. A newer version of it, or its deletion, came before the check."""
    for checked_with in (None, "v2"):
        record = any_record(arrived_at=UPLOAD.arrived_at, dataset=checked(checked_with))
        assert fate(UPLOAD, record, LATER) == ("read", "")


@pytest.fixture
def receive(aws, context):  # noqa: ARG001 — the functions' AWS
    def received(key, version="v1", at="2026-11-23T07:00:00Z"):
        event = any_event(key=key) | {"time": at}
        event["detail"]["object"]["version-id"] = version
        body = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
        assert receive_upload.handler(body, context) == {"batchItemFailures": []}

    return received


def answers(aws):
    given = [json.loads(text) for text in aws.stepfunctions.executions.values()]
    return [each["refusal"] for each in given if "refusal" in each]


def reconcile(context):
    return reconcile_runs.handler({}, context)


def test_a_validation_set_without_a_training_set_is_answered_once(aws, context, receive):
    receive(KEY)
    receive(KEY)
    for _ in range(3):
        reconcile(context)
    receive(KEY)  # its event comes again, days later
    reconcile(context)
    [answer] = answers(aws)
    assert answer.startswith(f"s3://datasets-bucket/{KEY}: no training set is in its folder")


def test_one_that_came_a_moment_ago_waits_for_its_training_set(aws, context, receive):
    receive(KEY, at=datetime.now(UTC).isoformat())
    reconcile(context)
    assert answers(aws) == []
    assert len(list(LEDGER.unread_validation_sets(datetime.now(UTC) + GRACE))) == 1


def test_items_of_sets_that_still_wait_are_not_read(aws, context, receive, monkeypatch):
    """However many came within the hour, the query passes them over."""
    receive(KEY, version="old")
    for number in range(20):
        receive(KEY, version=f"v{number}", at=datetime.now(UTC).isoformat())
    read, get = [], aws.dynamodb.get_item
    monkeypatch.setattr(
        aws.dynamodb, "get_item", lambda **call: read.append(call["Key"]["pk"]["S"]) or get(**call)
    )
    reconcile(context)
    assert len([pk for pk in read if pk.startswith("validation#")]) == 1


def test_one_that_was_read_is_forgotten_in_silence(aws, context, receive):
    receive(KEY)
    receive(KEY.replace("validation", "train"))
    [run] = [json.loads(text) for text in aws.stepfunctions.executions.values()]
    LEDGER.move(Run.from_dict(run), "checked", dataset=checked("v1"))
    reconcile(context)
    assert answers(aws) == []
    assert list(LEDGER.unread_validation_sets(LATER)) == []


def test_one_that_came_too_late_is_answered_and_shown_with_its_run(aws, context, receive):
    receive(KEY.replace("validation", "train"))
    receive(KEY, at="2026-11-23T07:05:00Z")
    [run] = [json.loads(text) for text in aws.stepfunctions.executions.values()]
    LEDGER.move(Run.from_dict(run), "checked", dataset=checked(None))
    reconcile(context)
    [answer] = answers(aws)
    assert f"run {run['id']} was checked without it" in answer
    assert f"tuning retrain {run['id']}" in answer
    record = LEDGER.read(run["id"])
    assert isinstance(record, RunRecord)
    assert record.unread_validation == UPLOAD.uri


def test_one_of_another_folder_is_not_read_by_this_run(aws, context, receive):
    receive(KEY.replace("first/validation", "second/train"))
    receive(KEY)
    reconcile(context)
    assert ["no training set is in its folder" in answer for answer in answers(aws)] == [True]


def test_a_validation_set_that_cannot_be_read_hides_no_other(aws, context, receive):
    receive(KEY)
    [broken] = [pk for pk in aws.dynamodb.items if pk.startswith("validation#")]
    receive(KEY, version="v2")
    aws.dynamodb.items[broken]["upload"] = "{"
    assert reconcile(context)["healed"] == {broken: ["escalate"]}
    assert len(answers(aws)) == 1


def test_the_run_that_answers_is_not_that_of_a_training_set(receive):
    receive(KEY)
    assert any_run(upload=UPLOAD).id not in {
        each.id for each in LEDGER.unread_validation_sets(LATER)
    }


HELD_OUT = KEY.replace("validation", "evaluation")


def test_an_evaluation_set_that_no_run_read_is_answered_and_says_what_it_is(aws, context, receive):
    receive(HELD_OUT)
    reconcile(context)
    [answer] = answers(aws)
    assert "no training set is in its folder, and an evaluation set starts nothing" in answer


@pytest.mark.parametrize(("version", "answered"), [("v1", 0), ("v0", 1), (None, 1)])
def test_an_evaluation_set_is_read_by_the_run_that_was_checked_with_it(
    aws, context, receive, version, answered
):
    receive(KEY.replace("validation", "train"))
    receive(HELD_OUT, at="2026-11-23T07:05:00Z")
    [run] = [json.loads(text) for text in aws.stepfunctions.executions.values()]
    dataset = PreparedDataset(validation_version="v1", evaluation_version=version)
    LEDGER.move(Run.from_dict(run), "checked", dataset=dataset)
    reconcile(context)
    assert len(answers(aws)) == answered


def test_an_evaluation_set_of_the_whole_recipe_waits_for_no_training_set(aws, context, receive):
    receive("datasets/support-nova-micro/evaluation.jsonl")
    reconcile(context)
    assert answers(aws) == []
    assert list(LEDGER.unread_validation_sets(LATER)) == []
