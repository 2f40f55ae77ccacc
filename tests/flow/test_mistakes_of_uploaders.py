"""What people upload by mistake, all at once on one deployment: each is answered as docs/mistakes.md says."""

import gzip
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from accounts import conversation, conversations, jsonl, tuning
from patience import until

RECIPE, GIVES_WAY = "support-nova-micro", "support-nova-lite"
PAGE = Path(__file__).parents[2] / "docs" / "mistakes.md"


def sound(about):
    return jsonl(conversations(about))


FILES = {
    "a folder that is no recipe": [(f"{RECIPE}s/m1/train.jsonl", sound("M1"))],
    "no recipe's folder": [("train.jsonl", sound("M2"))],
    "training.jsonl": [(f"{RECIPE}/m3/training.jsonl", sound("M3"))],
    "my_data.jsonl": [(f"{RECIPE}/m4/my_data.jsonl", sound("M4"))],
    "train.JSONL": [(f"{RECIPE}/m5/train.JSONL", sound("M5"))],
    "train.xlsx": [(f"{RECIPE}/m6/train.xlsx", b"PK")],
    "train.zip": [(f"{RECIPE}/m7/train.zip", b"PK")],
    "test.jsonl, which is held out": [(f"{RECIPE}/m8/test.jsonl", sound("M8"))],
    "train.csv beside train.jsonl": [
        (f"{RECIPE}/m9/train.jsonl", sound("M9")),
        (f"{RECIPE}/m9/train.csv", b"prompt,completion\na,b\n"),
    ],
    "an empty file": [(f"{RECIPE}/m10/train.jsonl", b"")],
    "a folder with content": [(f"{RECIPE}/m11/", b"content")],
    "UTF-16": [(f"{RECIPE}/m12/train.jsonl", sound("M12").decode().encode("utf-16"))],
    "a byte order mark": [(f"{RECIPE}/m13/train.jsonl", b"\xef\xbb\xbf" + sound("M13"))],
    "gzip that is called .jsonl": [(f"{RECIPE}/m14/train.jsonl", gzip.compress(sound("M14")))],
    "a record that is too long": [
        (
            f"{RECIPE}/m15/train.jsonl",
            jsonl([*conversations("M15"), conversation("word " * 200_000)]),
        )
    ],
    "too few records": [(f"{RECIPE}/m16/train.jsonl", jsonl(conversations("M16", 2)))],
    "a role that there is not": [
        (f"{RECIPE}/m17/train.jsonl", sound("M17").replace(b'"assistant"', b'"bot"'))
    ],
    "no validation set where one is required": [(f"{GIVES_WAY}/m18/train.jsonl", sound("M18"))],
    "train.parquet": [(f"{RECIPE}/m19/train.parquet", b"PAR1")],
    "two validation sets": [
        (f"{RECIPE}/m20/validation.jsonl", sound("M20, held out")),
        (f"{RECIPE}/m20/val.jsonl", sound("M20, held out too")),
        (f"{RECIPE}/m20/train.jsonl", sound("M20")),
    ],
    "the same data as an earlier set": [
        (f"{RECIPE}/m21/train.jsonl", sound("M21")),
        (f"{RECIPE}/m21-again/train.jsonl", sound("M21")),
    ],
    "replaced before it had a job": [
        (f"{GIVES_WAY}/m22/validation.jsonl", sound("M22, held out")),
        (f"{GIVES_WAY}/m22/train.jsonl", sound("M22")),
        (f"{GIVES_WAY}/m22/train.jsonl", sound("M22, corrected")),
    ],
}
"""Mistake → keys below `datasets/` and contents, in order. The last is answered, or the one before it."""
WAITS = {
    "a validation set without a training set": (f"{RECIPE}/m23/validation.jsonl", False),
    "a validation set after its training set": (f"{RECIPE}/m24/validation.jsonl", True),
    "an empty folder": (f"{RECIPE}/m25/", False),
}
"""What is answered by `tuning why` at once, and by a notice an hour later, or never."""
ANSWERED = "replaced before it had a job"
"""Here it is the older version that is answered."""


def put(world, key, content):
    bucket = world.account.outputs["DatasetsBucket"]
    made = world.client("s3").put_object(Bucket=bucket, Key=f"datasets/{key}", Body=content)
    return f"datasets/{key}", made["VersionId"]


def seen(world, made):
    found, _ = world.account.objects.version(*made)
    return found


def answer(world, mistake):
    """State, what is said, and after how many seconds."""
    made = []
    for key, content in FILES[
        mistake
    ]:  # one right after the other: an older version may have its job soon
        made.append(put(world, key, content))
        if mistake == "the same data as an earlier set" and not made[1:]:
            world.ended(seen(world, made[0]).uri)
    upload, began = seen(world, made[-2 if mistake == ANSWERED else -1]), time.monotonic()

    def answered():
        run_id = world.account.ledger.became(upload)
        record = world.account.ledger.read(run_id, secrets=True) if run_id else None
        return record if record and (record.ended_at or record.task_token) else None

    record = until(answered, f"an answer to {mistake}")
    said = record.summary or record.approval_reason
    state = "asks for approval" if record.task_token else record.state
    seconds = time.monotonic() - began
    if record.task_token:
        assert tuning(world, "reject", record.id).returncode == 0
    return state, plain(world, said), seconds


def plain(world, words):
    """Without what differs from run to run, on one line of a table."""
    words = words.replace(world.account.outputs["DatasetsBucket"], "BUCKET")
    words = re.sub(r"\b[0-9a-f]{32}\b", "RUN", words)
    words = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", "DATE", words)
    return re.sub(r"training loss.*? steps\.", "…", words).replace("|", "\\|")


@pytest.fixture(scope="module")
def answers(world):
    with ThreadPoolExecutor(8) as people:
        found = people.map(lambda mistake: answer(world, mistake), FILES)
        return dict(zip(FILES, found, strict=True))


def explained(world, mistake):
    key, with_training = WAITS[mistake]
    if with_training:
        training = put(world, f"{key.rpartition('/')[0]}/train.jsonl", sound(mistake))
        world.ended(seen(world, training).uri)
    held_out = put(world, key, b"" if key.endswith("/") else sound(f"{mistake}, held out"))
    uri = seen(world, held_out).uri
    asked = ("why", uri, "--format", "json")
    said = until(
        lambda: (
            found
            if (found := json.loads(tuning(world, *asked).stdout))["fate"] not in ("queued", "lost")
            else None
        ),
        f"{uri} to be received",
    )
    return said["fate"], plain(world, said["message"])


def rows():
    """Of the page: mistake → what becomes of it and what is said."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines[1:]]
    return {cell[0]: (cell[1], cell[2]) for cell in cells}


def test_each_mistake_is_answered_as_the_page_says(answers):
    found = {mistake: (state, said) for mistake, (state, said, _) in answers.items()}
    for mistake, (state, said, seconds) in answers.items():
        print(f"| {mistake} | {state} | {said} | notice, `tuning why` | {seconds:.0f} s |")  # noqa: T201 — the page, to copy
    assert found == {mistake: row for mistake, row in rows().items() if mistake in FILES}


@pytest.mark.parametrize("mistake", WAITS)
def test_what_waits_is_explained_at_once(world, mistake):
    said = explained(world, mistake)
    print(f"| {mistake} | {said[0]} | {said[1]} |")  # noqa: T201 — the page, to copy
    assert said == rows()[mistake]


def test_the_page_names_no_other_mistake():
    assert rows().keys() == {*FILES, *WAITS}
