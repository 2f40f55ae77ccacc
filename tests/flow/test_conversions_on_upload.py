"""Uploads that are not the model's own format, through the deployed rule to the trained bytes."""

import gzip
import json

from accounts import conversation, conversations, jsonl

RECIPE = "support-nova-micro"  # has a table [convert]


def test_a_table_is_trained_as_conversations(world):
    rows = [(f"Where is order {n}?", f"Order {n} is on its way.") for n in range(10)]
    table = "prompt,completion\n" + "".join(f"{question},{answer}\n" for question, answer in rows)
    upload = world.upload(table.encode(), f"{RECIPE}/table", "train.csv")
    row = world.ended(upload)
    assert row.state == "trained"
    assert trained_on(world, row) == [conversation(*pair) for pair in rows]
    converted = world.account.files.report(row.id)["statistics"]["converted"]["train.csv"]
    assert (converted["container"], converted["shape"]) == ("csv", "prompt_completion")


def test_a_compressed_upload_is_trained_unpacked(world):
    records = conversations("Compressed")
    packed = gzip.compress(jsonl(records))
    row = world.ended(world.upload(packed, f"{RECIPE}/packed", "train.jsonl.gz"))
    assert row.state == "trained"
    assert trained_on(world, row) == records
    assert "DS125" in world.account.files.report(row.id)["counts"]


def test_a_validation_set_may_come_in_another_form_than_the_training_set(world):
    held_out = [{"instruction": f"Say {n}", "output": f"It is {n}"} for n in range(4)]
    world.upload(json.dumps(held_out).encode(), f"{RECIPE}/forms", "validation.json")
    row = world.ended(world.upload(conversations("Forms"), f"{RECIPE}/forms"))
    assert row.state == "trained"
    assert trained_on(world, row) == conversations("Forms")
    assert row.results.validation.steps > 0


def test_a_table_with_a_bad_row_is_refused_with_its_line(world):
    rows = "".join(f'"Question\n{n}?",Answer {n}.\n' for n in range(10))
    table = f"prompt,completion\n{rows}Why?,\n"
    row = world.ended(world.upload(table.encode(), f"{RECIPE}/bad-table", "train.csv"))
    assert row.state == "refused"
    (found,) = world.account.files.report(row.id)["findings"]
    assert (found["file"], found["line"]) == ("train.csv", 22)
    assert "train.csv line 22" in world.notice(row.id)["Message"]


def test_parquet_is_refused_with_the_reason(world):
    row = world.ended(world.upload(b"PAR1", f"{RECIPE}/parquet", "train.parquet"))
    assert row.state == "refused"
    assert "Parquet is not read on upload (DS907)" in world.notice(row.id)["Message"]


def trained_on(world, row):
    """The records of the file that the job was given."""
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    bucket, _, key = job["trainingDataConfig"]["s3Uri"].removeprefix("s3://").partition("/")
    assert key.endswith("/train.jsonl")
    body = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines()]
