"""`tuning why`: what became of an object, from all that is left of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cli_world import an_account, left
from domain_builders import any_event, any_record, any_run, any_upload
from msgspec import structs

from tuning.aws.ledger import Ledger
from tuning.cli.why_command import why_command
from tuning.errors import OptionError
from tuning.runs.object_history import SOON, Left, why
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Misdirected
from tuning.runs.validation_sets import ValidationSet

KEY = "datasets/support/x/train.jsonl"
URI = f"s3://datasets/{KEY}"
LEDGER = Ledger(table="ledger")


@pytest.fixture
def account(aws, monkeypatch):
    made = an_account(aws, monkeypatch)
    made.sqs.count = 0
    return made


def upload(account, key=KEY, version="v1", content=b"x"):
    account.s3.lay("datasets", key, content, version)
    return any_upload(bucket="datasets", key=key, version_id=version)


def arrived(of):
    """The run that an upload has become."""
    run = any_run(upload=of)
    LEDGER.arrive(run)
    return run


def asked(capsys, uri=URI, code=0, **given):
    assert left(why_command, uri=uri, shown="json", **given) == code
    return json.loads(capsys.readouterr().out)


def test_an_upload_that_trains_is_its_run_and_where_its_execution_is(account, capsys):
    run = arrived(upload(account))
    account.stepfunctions.executions[run.id] = json.dumps(run.to_dict())
    said = asked(capsys)
    assert (said["fate"], said["run"]) == ("run", run.id)
    assert "is received; its execution is RUNNING" in said["message"]
    assert said["next"] == f"tuning show {run.id[:12]}"


def test_one_that_was_refused_says_the_reason(account, capsys):
    refused = Misdirected.new(upload=upload(account), refusal="No such recipe.")
    LEDGER.arrive(refused)
    LEDGER.amend(refused.id, state="refused", outcome=Outcome(state="refused", summary="No such!"))
    assert "ended refused. No such!" in asked(capsys)["message"]


def test_a_run_whose_row_is_lost_is_named(account, capsys):
    run = arrived(upload(account))
    del account.dynamodb.items[run.id]
    assert "whose row is gone" in asked(capsys)["message"]


def test_each_version_is_its_own_object(account, capsys):
    run = arrived(upload(account))
    upload(account, version="v2")
    assert asked(capsys, version="v1")["run"] == run.id
    assert asked(capsys, code=1)["fate"] == "lost"
    assert asked(capsys, code=1, version="v9")["fate"] == "absent"


def test_a_dead_letter_is_found_behind_others(account, capsys):
    upload(account)
    event = any_event(key=KEY)
    event["detail"]["object"]["version-id"] = "v1"
    account.sqs.dead = ["not JSON", "[]", json.dumps(any_event(key=KEY)), "{}", json.dumps(event)]
    said = asked(capsys, code=1)
    assert said["fate"] == "dead"
    assert "tuning redrive" in said["next"]


def test_what_lies_in_the_queue_is_waited_for(account, capsys):
    upload(account)
    account.sqs.count = 3
    said = asked(capsys, code=1)
    assert said["fate"] == "queued"
    assert "about 3 messages" in said["message"]


def test_what_came_just_now_is_waited_for(account, capsys):
    upload(account)
    account.s3.modified_at["datasets", KEY] = datetime.now(UTC)
    assert asked(capsys, code=1)["fate"] == "queued"


def test_what_came_a_quarter_of_an_hour_ago_is_waited_for_no_longer():
    found = any_upload(arrived_at="2026-11-23T07:00:00Z")
    arrived = datetime(2026, 11, 23, 7, tzinfo=UTC)
    for after, fate in ((SOON - timedelta(seconds=1), "queued"), (SOON, "lost")):
        assert why(Left(key=found.key, upload=found), arrived + after).fate == fate


def test_a_bucket_that_sends_no_events_is_the_reason(account, capsys):
    upload(account)
    account.s3.notifications = {}
    assert "sends no events" in asked(capsys, code=1)["message"]


def test_a_validation_set_waits_and_then_says_which_run_read_it(account, capsys):
    key = KEY.replace("train", "validation")
    held = upload(account, key)
    LEDGER.put_new(ValidationSet.of(held))
    uri = f"s3://datasets/{key}"
    assert asked(capsys, uri)["fate"] == "waits"
    run = arrived(upload(account))
    LEDGER.move(run, "checked", dataset=PreparedDataset(validation_version="v1"))
    LEDGER.amend(ValidationSet.of(held).id, close=True)
    said = asked(capsys, uri)
    assert (said["fate"], said["run"]) == ("read", run.id)
    assert "was checked with it" in said["message"]


def test_a_validation_set_that_waits_says_when_its_owner_is_notified(account, capsys):
    key = KEY.replace("train", "validation")
    LEDGER.put_new(ValidationSet.of(upload(account, key)))
    said = asked(capsys, f"s3://datasets/{key}")
    assert "you are notified 60 minutes after this upload" in said["next"]


def test_a_validation_set_whose_run_is_gone_was_read_all_the_same(account, capsys):
    key = KEY.replace("train", "validation")
    held = ValidationSet.of(upload(account, key))
    LEDGER.put_new(held)
    LEDGER.amend(held.id, close=True)
    said = asked(capsys, f"s3://datasets/{key}")
    assert said["fate"] == "read"
    assert "its folder's run is gone" in said["message"]


@pytest.mark.parametrize("dataset", [None, PreparedDataset(validation_version="v2")])
def test_a_validation_set_that_was_not_in_the_check_is_not_said_to_be_in_it(dataset):
    """Since the run died before its check, or a newer version came before it."""
    held = any_upload(key=KEY.replace("train", "validation"), arrived_at="2026-11-23T06:59:00Z")
    reader = any_record(dataset=dataset)
    found = Left(key=held.key, upload=held, reading="closed", reader=reader)
    said = why(found, datetime.now(UTC)).summary
    assert said == f"It is a validation set; run {reader.id} is its folder's newest."


def test_an_evaluation_set_waits_and_then_says_which_run_read_it(account, capsys):
    key = "datasets/support/first/evaluation.jsonl"
    held = upload(account, key)
    LEDGER.put_new(ValidationSet.of(held))
    assert asked(capsys, f"s3://datasets/{key}")["message"].startswith(
        f"s3://datasets/{key}: It is an evaluation set, and waits"
    )
    run = arrived(upload(account, "datasets/support/first/train.jsonl"))
    LEDGER.move(run, "checked", dataset=PreparedDataset(evaluation_version=held.version_id))
    LEDGER.amend(ValidationSet.of(held).id, close=True)
    assert "was checked with it" in asked(capsys, f"s3://datasets/{key}")["message"]


def test_an_evaluation_set_of_the_recipe_waits_for_nothing(account, capsys):
    key = "datasets/support/evaluation.jsonl"
    LEDGER.put_new(ValidationSet.of(upload(account, key)))
    said = asked(capsys, f"s3://datasets/{key}")
    assert said["fate"] == "read"
    assert "for every run of recipe support that has none of its own" in said["message"]


def test_a_validation_set_that_came_after_its_training_set_says_so_at_once(account, capsys):
    earlier = structs.replace(upload(account), arrived_at="2020-01-01T00:00:00Z")
    LEDGER.arrive(run := any_run(upload=earlier))
    held = upload(account, KEY.replace("train", "validation"))
    LEDGER.put_new(ValidationSet.of(held))
    said = asked(capsys, f"s3://datasets/{held.key}")
    assert said["fate"] == "waits"
    assert f"run {run.id} of its folder has not read it yet" in said["message"]
    LEDGER.move(run, "checked", dataset=PreparedDataset(verdict="accepted"))
    said = asked(capsys, f"s3://datasets/{held.key}")
    assert said["fate"] == "unread"
    assert f"run {run.id} was checked without it" in said["message"]
    assert f"tuning retrain {run.id}" in said["message"]


def test_a_folder_and_what_is_not_there_say_so(account, capsys):
    upload(account, "datasets/support/", content=b"")
    assert asked(capsys, "s3://datasets/datasets/support/")["fate"] == "folder"
    assert asked(capsys, "s3://datasets/datasets/support/none.jsonl", 1)["fate"] == "absent"
    upload(account, "Datasets/support/train.jsonl")
    assert asked(capsys, "s3://datasets/Datasets/support/train.jsonl", 1)["fate"] == "elsewhere"


def test_a_folder_with_content_is_answered_like_any_other_upload(account, capsys):
    """Its event is still under way: it is not a folder that nobody answers."""
    upload(account, "datasets/support/")
    account.s3.modified_at["datasets", "datasets/support/"] = datetime.now(UTC)
    assert asked(capsys, "s3://datasets/datasets/support/", 1)["fate"] == "queued"


def test_what_was_deleted_by_name_since_is_said(account, capsys):
    LEDGER.arrive(any_run(upload=upload(account)))
    account.s3.deleted.add(("datasets", KEY))
    assert "has since been deleted by name" in asked(capsys)["message"]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "uri", ["train.jsonl", "s3://datasets", "s3://other/datasets/a/train.jsonl"]
)
def test_what_is_no_object_of_the_bucket_is_a_wrong_use(uri):
    with pytest.raises(OptionError, match=uri):
        why_command(uri=uri)


def test_any_record_can_be_explained(account, capsys):
    """Whatever state it is in."""
    run = arrived(upload(account))
    for state in ("queued", "training", "trained", "failed"):
        account.dynamodb.lay(any_record(of=run, state=state))
        assert state in asked(capsys)["message"]
