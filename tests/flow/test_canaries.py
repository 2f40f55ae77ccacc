"""No text of a dataset leaves the data buckets: each text bears a word of its own, and that word is
then looked for in everything else that the account can show.
"""

import gzip
import json
import time
from uuid import uuid4

import pytest
from accounts import conversation, jsonl
from outside import Outside, Spy, where
from patience import until

RECIPE = "support-nova-micro"
OURS = "/aws/cloudformation/dev-Training/"
"""How the emulator begins the names of log groups to which the template gives none."""
ODD = 'odd\r\nfeed\x1b[31m{"level":"ERROR","message":"forged"}\u2028'


class Words:
    """words["a prompt"] → a word that is nowhere else."""

    def __init__(self):
        self.all = {}

    def __getitem__(self, text):
        return self.all.setdefault(text, f"canary{uuid4().hex}")


@pytest.fixture(scope="module")
def outside(world):
    """With a spy on the account's events, before anything is uploaded."""
    events, (url, arn) = world.client("events"), _queue(world, "spy")
    pattern = json.dumps({"account": ["000000000000"]})
    rule = events.put_rule(Name="spy", EventPattern=pattern)["RuleArn"]
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [send]})
    world.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="spy", Targets=[{"Id": "spy", "Arn": arn}])
    yield Outside(world=world, events=Spy(url=url, heard=[]))
    events.remove_targets(Rule="spy", Ids=["spy"])
    events.delete_rule(Name="spy")


@pytest.fixture(scope="module")
def words():
    return Words()


@pytest.fixture(scope="module")
def rows(world, outside, words):  # noqa: ARG001 -- the spy listens first
    """The runs of all datasets, at their ends."""
    return [world.ended(_upload(world, name, files)) for name, files in _datasets(words).items()]


def test_datasets_of_every_kind_came_to_their_ends(rows):
    assert [row.state for row in rows] == ["trained"] * 3 + ["refused"] * 6


def test_no_dataset_text_leaves_the_data_buckets(world, rows, outside, words):
    for row in rows:
        world.notice(row.id)
    reported = outside.reported()
    found = {text: where(word, reported) for text, word in words.all.items()}
    assert {text: places for text, places in found.items() if places} == {}
    assert where(rows[0].id, reported) >= {"logs", "executions", "notices", "ledger"}
    assert "events" in where("texts-sound", reported)


def test_a_word_is_found_wherever_it_leaks_to(world, rows, outside):
    """Planted in each place, it is found in each place: the test above can fail."""
    word = f"planted{uuid4().hex}"
    job = {"resourceARN": rows[0].job_arn}
    ledger, item = world.account.outputs["LedgerTable"], {"pk": {"S": "planted"}}
    dynamodb, bedrock = world.client("dynamodb"), world.client("bedrock")
    _plant(world, word)
    dynamodb.put_item(TableName=ledger, Item={**item, "note": {"S": word}})
    bedrock.tag_resource(**job, tags=[{"key": "planted", "value": word}])
    try:
        world.notice(word)
        until(lambda: word in outside.events.listen(world.client("sqs")), "the planted event")
        reported = outside.reported()
        assert where(word, reported) == set(reported)
    finally:
        dynamodb.delete_item(TableName=ledger, Key=item)
        bedrock.untag_resource(**job, tagKeys=["planted"])


def test_a_hostile_key_is_one_line_of_json_wherever_it_is_logged(world):
    row = world.ended(world.upload(b"{}\n", f"{RECIPE}/{ODD}"))
    assert row.state == "refused"
    lines = list(_lines(world))
    assert any(row.id in line for line in lines)
    for line in lines:
        json.loads(line)
        assert line.isprintable(), ascii(line)


def _datasets(words):
    """Folder → name and content of its files, the training set last."""
    talk = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": words["a system text"]}],
        **conversation(words["a prompt"], words["a completion"]),
    }
    sound = [conversation(f"Question {n}?", f"Answer {n}.") for n in range(9)]
    held_out = [
        conversation(words["a validation prompt"], words["a validation answer"]),
        *[conversation(f"Held out {n}?", "Indeed.") for n in range(3)],
    ]
    table = f"prompt,completion\n{words['a cell']},{words['another cell']}\n" + "".join(
        f"Question {n}?,Answer {n}.\n" for n in range(9)
    )
    role = conversation(words["a refused prompt"], words["a refused answer"])
    role["messages"][0]["role"] = words["a role"]
    member = {**conversation("Why?"), words["a name of a member"]: words["a member's value"]}
    personal = conversation(f"Write to {words['an address']}@example.com", "4111 1111 1111 1111")
    return {
        "sound": [("validation.jsonl", jsonl(held_out)), ("train.jsonl", jsonl([talk, *sound]))],
        "table": [("train.csv", table.encode())],
        "personal": [("train.jsonl", jsonl([personal, *sound]))],
        "roles": [("train.jsonl", jsonl([role, member, *sound]))],
        "broken": [("train.jsonl", jsonl(sound) + f'{{"{words["a broken line"]}": '.encode())],
        "cells": [("train.csv", f"{table}{words['a bad row']},\n".encode())],
        "columns": [("train.csv", f"{words['a column']},b\n{words['its cell']},1\n".encode())],
        "bytes": [("train.jsonl", words["bytes of no text"].encode() + b"\xff\xfe\n")],
        "packed": [("train.jsonl.gz", gzip.compress(words["packed text"].encode()))],
    }


def _upload(world, folder, files):
    """The files that lie beside the training set come before it, which starts the run."""
    return [world.upload(body, f"{RECIPE}/texts-{folder}", name) for name, body in files][-1]


def _plant(world, word):
    sqs, s3 = world.client("sqs"), world.client("s3")
    place = f"place{uuid4().hex}"
    logs, states = world.client("logs"), world.client("stepfunctions")
    logs.create_log_group(logGroupName=place)
    logs.create_log_stream(logGroupName=place, logStreamName=place)
    event = {"timestamp": int(time.time() * 1000), "message": word}
    logs.put_log_events(logGroupName=place, logStreamName=place, logEvents=[event])
    passing = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
    ours = world.account.outputs["StateMachine"]
    machine = states.create_state_machine(
        name=place,
        definition=json.dumps(passing),
        roleArn=states.describe_state_machine(stateMachineArn=ours)["roleArn"],
    )["stateMachineArn"]
    states.start_execution(stateMachineArn=machine, input=json.dumps(word))
    metric = {"MetricName": "Planted", "Dimensions": [{"Name": "text", "Value": word}], "Value": 1}
    world.client("cloudwatch").put_metric_data(Namespace="Planted", MetricData=[metric])
    topic = world.account.outputs["NoticesTopic"]
    world.client("sns").publish(TopicArn=topic, Subject=word, Message="Planted.")
    reported = {"Source": place, "DetailType": "planted", "Detail": json.dumps({"text": word})}
    world.client("events").put_events(Entries=[reported])
    sqs.send_message(QueueUrl=_queue(world, place)[0], MessageBody=word)
    s3.create_bucket(Bucket=place)
    s3.put_object(Bucket=place, Key="text", Body=word, Metadata={"text": word})


def _queue(world, name):
    """Its URL and its ARN."""
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, found["QueueArn"]


def _lines(world):
    """What our functions printed; Lambda frames it with lines of its own."""
    logs, own = world.client("logs"), ("START RequestId", "END RequestId", "REPORT RequestId")
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=OURS):
        for group in page["logGroups"]:
            events = logs.get_paginator("filter_log_events")
            for found in events.paginate(logGroupName=group["logGroupName"]):
                texts = [event["message"] for event in found["events"]]
                yield from (text for text in texts if text and not text.startswith(own))
