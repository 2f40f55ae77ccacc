"""An older version of an object gives way to a newer one, in whatever order their events come."""

import json

import pytest
from domain_builders import any_event, any_upload
from msgspec import structs

from lambdas import authorize_spend, deployed_recipes, receive_upload, start_training
from tuning.aws.ledger import Ledger
from tuning.runs.newest_version import NewestVersion, gave_way_to
from tuning.runs.run import Run, is_run

KEY = "datasets/support-nova-micro/first/train.jsonl"
LEDGER = Ledger(table="ledger")
DATASET = {"training_uri": "s3://prepared-bucket/prepared/d/train.jsonl", "training_tokens": 1000}


@pytest.fixture
def receive(aws, context, monkeypatch):
    """Receives version n of the object; answers its run as its execution has it."""
    load = deployed_recipes.load
    monkeypatch.setattr(
        deployed_recipes, "load", lambda path: structs.replace(load(path), supersede=True)
    )

    def received(number, sequencer=None):
        event = any_event(key=KEY)
        event["detail"]["object"] |= {
            "version-id": f"v{number}",
            "sequencer": f"{number:018X}" if sequencer is None else sequencer,
        }
        body = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
        assert receive_upload.handler(body, context) == {"batchItemFailures": []}
        given = [json.loads(text) for text in aws.stepfunctions.executions.values()]
        [found] = [each for each in given if each["upload"]["version_id"] == f"v{number}"]
        return found

    return received


def test_each_newer_version_supersedes_the_one_before_it(receive):
    first, second, third = receive(1), receive(2), receive(3)
    assert "supersedes" not in first
    assert (second["supersedes"], third["supersedes"]) == (first["id"], second["id"])
    assert Run.from_dict(third).supersedes == second["id"]


def test_a_version_whose_event_comes_late_stops_by_itself(receive):
    newest, late = receive(9), receive(4)
    assert "supersedes" not in late
    assert late["overtaken_by"] == newest["id"]
    assert LEDGER.read(late["id"]).run == late
    assert receive(10)["supersedes"] == newest["id"]


def test_the_same_event_again_supersedes_nothing_more(receive):
    first, second = receive(1), receive(2)
    assert receive(1) == first
    assert receive(2) == second
    assert "overtaken_by" not in second


def test_a_version_that_was_written_down_and_not_started_is_started_by_its_event_again(
    aws, receive, monkeypatch
):
    """The function died in between; that it is the newest is known already."""
    with monkeypatch.context() as died:
        died.setattr(Ledger, "move", lambda *_, **__: None)
        first = receive(1)
    aws.stepfunctions.executions.clear()
    assert receive(1) == first


@pytest.mark.usefixtures("receive")
def test_what_fails_while_a_version_is_received_is_not_taken_for_being_overtaken(
    context, monkeypatch
):
    really, calls = Ledger.arrive, []

    def arrive(ledger, *given, **more):
        calls.append(given)
        if len(calls) == 1:
            raise RuntimeError("a fault of our own")
        return really(ledger, *given, **more)

    monkeypatch.setattr(Ledger, "arrive", arrive)
    body = {"Records": [{"messageId": "m", "body": json.dumps(any_event(key=KEY))}]}
    failed = receive_upload.handler(body, context)
    assert (failed, len(calls)) == ({"batchItemFailures": [{"itemIdentifier": "m"}]}, 1)


def test_a_version_that_is_overtaken_while_it_is_received_looks_again(aws, receive, monkeypatch):
    """Another one is received between its look and its write."""
    first, really, between = receive(1), LEDGER.newest_version, []

    def newest_version(_ledger, upload):
        found = really(upload)
        if not between:
            between.append(True)
            between.append(receive(2))
        return found

    monkeypatch.setattr(Ledger, "newest_version", newest_version)
    third = receive(3)
    assert between[1]["supersedes"] == first["id"]
    assert third["supersedes"] == between[1]["id"]
    assert len([pk for pk in aws.dynamodb.items if is_run(pk)]) == 3


def test_without_the_option_each_version_is_a_run_as_ever(aws, context):
    for number in (1, 2):
        event = any_event(key=KEY)
        event["detail"]["object"]["version-id"] = f"v{number}"
        body = {"Records": [{"messageId": "m", "body": json.dumps(event)}]}
        receive_upload.handler(body, context)
    given = [json.loads(text) for text in aws.stepfunctions.executions.values()]
    assert ["supersedes" in each for each in given] == [False, False]
    assert not [pk for pk in aws.dynamodb.items if pk.startswith("newest#")]


def test_a_run_that_was_overtaken_reserves_nothing_and_says_for_whom(aws, context, receive):
    newest, late = receive(9), receive(4)
    spend = authorize_spend.handler({"run": late, "dataset": DATASET}, context)
    assert (spend["decision"], spend["by"]) == ("stopped", gave_way_to(newest["id"]))
    assert aws.dynamodb.budgets == {}


def test_a_run_that_was_overtaken_starts_no_job_where_its_machine_knows_no_other_end(
    aws, context, receive
):
    """The first state machine goes on to `Start training`, whatever the authorization has said."""
    newest, late = receive(9), receive(4)
    start = start_training.handler({"run": late, "dataset": DATASET}, context)
    assert (start["state"], start["by"]) == ("stopped", gave_way_to(newest["id"]))
    assert aws.bedrock.created == []


@pytest.mark.parametrize(
    ("mine", "its", "follows"),
    [
        pytest.param("0A", "09", True, id="greater"),
        pytest.param("0a", "0B", False, id="smaller, in other letters"),
        pytest.param("1", "0F", True, id="of other lengths"),
        pytest.param("0A", "0A00", False, id="equal but for zeros"),
        pytest.param("", "0A", False, id="not known: by the second of arrival"),
        pytest.param("0A", "", False, id="not known of the other: by the second of arrival"),
    ],
)
def test_the_order_of_versions_is_that_of_s3(mine, its, follows):
    newest = NewestVersion.of(any_upload(sequencer=mine), "run", before=None)
    assert newest.follows(any_upload(sequencer=its)) is follows


def test_without_an_order_the_later_second_is_the_newer_version():
    newest = NewestVersion.of(any_upload(arrived_at="2026-11-23T07:00:01Z"), "run", before=None)
    assert newest.follows(any_upload())


def test_the_order_is_kept_in_no_run():
    assert "sequencer" not in any_upload(sequencer="0A").to_dict()
