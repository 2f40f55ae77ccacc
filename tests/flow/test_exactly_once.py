"""Exactly one job for each upload, on the emulated account: duplicates, poison, odd keys, kills."""

import json
import os
import re
import signal
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from accounts import conversations
from patience import tried_five_times, until

RECIPE = "support-nova-micro"
ODD = (
    "with space",
    "plus+plus",
    "per%20cent",
    unicodedata.normalize("NFC", "é"),
    unicodedata.normalize("NFD", "é"),
    "🦊",
    "x" * (1024 - len(f"datasets/{RECIPE}//train.jsonl")),
    "line\nfeed",
    "a..b",
    "double%2520encoded",
)

MALFORMED = ({"poison": 1}, [], None, "no event", {"detail": {"object": "no object"}})
"""Beside them in the batch: an event of another bucket, and one that does not say when."""


def event_of(world, upload):
    bucket, _, key = upload.removeprefix("s3://").partition("/")
    head = world.client("s3").head_object(Bucket=bucket, Key=key)
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": world.account.started_by(upload).arrived_at,
        "detail": {
            "bucket": {"name": bucket},
            "object": {"key": key, "size": head["ContentLength"], "version-id": head["VersionId"]},
        },
    }


def waiting(world, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = world.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return sum(int(counts["Attributes"][name]) for name in names)


def jobs_of(world, row):
    found = world.client("bedrock").list_model_customization_jobs(nameContains=row.id[:20])
    return [job["jobName"] for job in found["modelCustomizationJobSummaries"]]


def send(world, bodies):
    entries = [{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(bodies)]
    queue = world.account.outputs["Queue"]
    world.client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)


def test_the_same_event_a_thousand_times_from_32_senders_is_one_job(world):
    upload = world.upload(conversations("Thousandfold"), f"{RECIPE}/thousandfold")
    row = until(lambda: (found := world.ended(upload)) and not found.open and found, "its notice")
    event = event_of(world, upload)
    with ThreadPoolExecutor(32) as senders:
        list(senders.map(lambda _: send(world, [event] * 10), range(100)))
    queue = world.account.outputs["Queue"]
    until(lambda: waiting(world, queue) == 0, "the queue to be empty")
    assert len(jobs_of(world, row)) == 1
    assert [e["name"] for e in world.executions()].count(row.id) == 1
    assert world.ended(upload) == row


def test_of_a_batch_exactly_the_poisonous_messages_are_put_aside(world):
    upload = world.upload(conversations("In bad company"), f"{RECIPE}/company")
    row = world.ended(upload)
    good = event_of(world, upload)
    elsewhere = good | {"detail": good["detail"] | {"bucket": {"name": "another"}}}
    poison = [*MALFORMED, elsewhere, {name: good[name] for name in ("source", "detail")}]
    queue, dead = world.account.outputs["Queue"], world.account.outputs["DeadLetters"]
    sqs = world.client("sqs")
    sqs.purge_queue(QueueUrl=dead)
    send(world, [good, *poison, good])
    with tried_five_times(sqs, queue):
        until(lambda: waiting(world, dead) == len(poison), "the dead letters")
    until(lambda: waiting(world, queue) == 0, "the queue to be empty")
    found = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0)
    bodies = {message["Body"] for message in found["Messages"]}
    assert bodies == {json.dumps(each) for each in poison}
    assert len(jobs_of(world, row)) == 1
    sqs.purge_queue(QueueUrl=dead)


def test_odd_keys_are_the_right_objects_and_legal_job_names(world):
    uploads = [
        world.upload(conversations(f"Odd {n}"), f"{RECIPE}/{odd}") for n, odd in enumerate(ODD)
    ]
    rows = [world.ended(upload) for upload in uploads]
    assert [row.state for row in rows] == ["trained"] * len(ODD)
    assert len({row.id for row in rows}) == len(ODD)
    s3, bedrock = world.client("s3"), world.client("bedrock")
    for number, row in enumerate(rows):
        job = bedrock.get_model_customization_job(jobIdentifier=row.job_arn)
        assert re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", job["jobName"])
        bucket, _, key = job["trainingDataConfig"]["s3Uri"].removeprefix("s3://").partition("/")
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert f"Odd {number}, question 0?".encode() in body


def test_runs_end_though_the_processes_of_functions_are_killed(world):
    """Every few moments, wherever they are, until the runs have ended."""
    over, killed = threading.Event(), []

    def kill():
        while not over.wait(0.4) and len(killed) < 25:
            for worker in workers(world.instance.pid)[:1]:
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        uploads = [world.upload(conversations(f"Kill {n}"), f"{RECIPE}/kill-{n}") for n in range(5)]
        rows = [world.ended(upload) for upload in uploads]
    finally:
        over.set()
        killer.join()
    assert killed
    assert [row.state for row in rows] == ["trained"] * len(uploads)
    assert [len(jobs_of(world, row)) for row in rows] == [1] * len(uploads)


def workers(server):
    """The processes that run functions: the server's children that are Python."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text("utf-8").split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, line in lines.items() if b"python" in line]


def test_an_object_that_is_replaced_is_trained_as_it_was_uploaded(world):
    """Two versions at once under one key: each run reads its own."""
    folder = f"{RECIPE}/replaced"
    upload = world.upload(conversations("The first"), folder)
    world.upload(conversations("The second"), folder)

    def both():
        rows = [row for row in world.account.ledger.runs() if row.upload == upload]
        return rows if len([r for r in rows if r.ended_at]) == 2 else None

    rows = until(both, "both runs to end")
    texts = set()
    for row in rows:
        bucket, _, key = row.dataset.training_uri[5:].partition("/")
        body = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        texts |= {b"The first" in body and "first", b"The second" in body and "second"}
    assert texts - {False} == {"first", "second"}
