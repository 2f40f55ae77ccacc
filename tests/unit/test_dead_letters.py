"""Dead letters are counted by the version of the object that they are about, and each of them once."""

import json

import pytest
from cli_world import FakeSQS
from domain_builders import any_event

from tuning.aws.dead_letters import DeadLetters

KEY = "datasets/support/train.jsonl"


@pytest.fixture
def sqs():
    return FakeSQS(count=3)


@pytest.fixture
def letters(sqs):
    return DeadLetters(url="dead", queue_url="queue", client=lambda _service: sqs)


def about(version, key=KEY):
    event = any_event(key=key)
    event["detail"]["object"]["version-id"] = version
    return json.dumps(event)


def test_letters_about_other_versions_and_other_objects_are_not_counted(sqs, letters):
    sqs.dead = [about("v1"), about("v2"), about("v1"), about("v1", f"{KEY}.gz"), about("v1")]
    found = [letters.about(KEY, "v1")]
    sqs.received = 0
    assert [*found, letters.about(KEY, "v2")] == [3, 1]


def test_what_is_no_event_of_s3_is_about_no_object(sqs, letters):
    sqs.dead = ["not JSON", "[]", "{}", '{"detail": {"object": {}}}']
    assert letters.about(KEY, "v1") == 0


def test_a_letter_that_is_received_again_is_counted_once(sqs, letters, monkeypatch):
    receipts = iter([["a"], ["a", "b"], ["b", "a"], ["c"]])

    def receive_message(**_asked):
        names = next(receipts)
        return {"Messages": [{"MessageId": name, "Body": about("v1")} for name in names]}

    monkeypatch.setattr(sqs, "receive_message", receive_message)
    assert letters.about(KEY, "v1") == 2
    assert next(receipts) == ["c"], "a receipt without anything new is the last"


@pytest.mark.parametrize("count", [0, 3])
def test_how_many_are_sent_back_is_answered(sqs, letters, count):
    sqs.count = count
    assert letters.redrive() == count
