"""A full quota is a queue, in order of arrival; a job that stalls is stopped, and tried again."""

import itertools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from accounts import conversations
from patience import until

RECIPE = "support-nova-micro"
CROWD = 100
QUOTA = 10


def test_a_crowd_of_uploads_at_once_is_trained_in_order_of_arrival_within_the_quota(
    world,
):
    """Nobody gets a slot until all wait in the queue, so that the order is known; see
    tuning/runs/job_queue.py for what is fair. Each function runs ten times at once, so nine of ten
    invocations find it busy. The order is that in which runs are let try: the jobs of two that are let in the
    same round are created by two executions, and either may be the faster.
    """
    world.instance.add_fault(kind="quota", limit=0)
    try:
        with ThreadPoolExecutor(8) as uploaders:
            folders = (f"{RECIPE}/crowd-{number}" for number in range(CROWD))
            uploads = set(uploaders.map(lambda f: world.upload(conversations(f), f), folders))
        until(
            lambda: len(_waiting(world, uploads)) == CROWD,
            "all of them in the queue",
            progress=lambda: len(_waiting(world, uploads)),
        )
        assert _positions(world) == _in_order(world, uploads)
    finally:
        world.instance.clear_faults()
    world.forget_the_slots()
    until(
        lambda: len(_ended(world, uploads)) == CROWD or world.dispatch(),
        "all of them at an end",
        progress=lambda: (len(_waiting(world, uploads)), len(_ended(world, uploads))),
    )
    rows = sorted(_ended(world, uploads), key=lambda row: row["turn"])
    assert {row["state"] for row in rows} == {"trained"}
    bedrock = world.client("bedrock")
    jobs = [bedrock.get_model_customization_job(jobIdentifier=row["job_arn"]) for row in rows]
    crowd = [row["pk"] for row in rows]
    let_try = [run for run in world.let_try if run in crowd]
    assert len(set(let_try)) > CROWD / 2  # the emulator's own schedule has rounds too
    assert let_try == sorted(let_try, key=crowd.index)
    assert _most_at_once(jobs) <= QUOTA


def _in_order(world, uploads):
    """Run ids in order of arrival, and in the same second by id: what is fair."""
    return [row["pk"] for row in sorted(_rows(world, uploads), key=lambda row: row["turn"])]


def _positions(world):
    """Run ids of the queue, as `tuning runs` shows it."""
    command = [sys.executable, "-m", "tuning", "runs", "--newest", "1000", "--format", "json"]
    shown = subprocess.run(  # noqa: S603 — our own words
        command,
        env=os.environ | world.instance.client_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    positions = {run["queue_position"]: run["run"] for run in json.loads(shown.stdout)["runs"]}
    return [run for at, run in sorted((p, r) for p, r in positions.items() if p)]


def _rows(world, uploads):
    pages = world.client("dynamodb").get_paginator("scan")
    table = world.account.outputs["LedgerTable"]
    items = [i for page in pages.paginate(TableName=table) for i in page["Items"]]
    rows = [{name: next(iter(v.values())) for name, v in item.items()} for item in items]
    return [row for row in rows if row.get("upload") in uploads]


def _waiting(world, uploads):
    return [row for row in _rows(world, uploads) if "queue" in row]


def _ended(world, uploads):
    return [row for row in _rows(world, uploads) if "ended_at" in row]


def _most_at_once(jobs):
    moves = [(job["creationTime"], 1) for job in jobs] + [(job["endTime"], -1) for job in jobs]
    return max(itertools.accumulate(step for _, step in sorted(moves)))
