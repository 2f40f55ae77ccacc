"""What must hold at the end of every history, whatever went wrong in it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from amazon import Amazon
from domain_builders import PREPARED
from scenarios import Put
from schedule import LASTING

from tuning.ledger_states import ENDED, TRANSITIONS

UNTOLD = "Not recorded or not told"


def broken(world: Amazon) -> list[str]:
    """One sentence for each promise that was not kept."""
    return [
        *_one_paid_job_a_run(world),
        *(complaint for put in world.scenario.puts for complaint in _accounted_for(world, put)),
        *_nothing_goes_backwards(world),
        *_jobs_are_followed_to_their_end(world),
        *_trained_on_what_was_checked(world),
        *_as_usual(world),
    ]


def _one_paid_job_a_run(world: Amazon) -> Iterator[str]:
    runs = Counter(_run_of(job) for job in world.bedrock.all_jobs())
    yield from (f"DUPLICATE: {n} paid jobs for run {run}" for run, n in runs.items() if n > 1)
    begun = Counter(world.stepfunctions.begun)
    for run, times in begun.items():
        if times > 1 and not _parked(world, run):
            yield f"DUPLICATE: {times} executions of run {run}"


def _accounted_for(world: Amazon, put: Put) -> Iterator[str]:
    run = put.run_id()
    row = world.ledger.items.get(run)
    if any(message.event == put.event for message in world.dead):
        return  # parked: the alarm on dead letters has rung, and a person can redrive it again
    if row is None:
        yield f"LOST: nothing is known of {put.key} version {put.version}"
    elif _parked(world, run):
        return  # parked: the execution has failed with the outcome as its cause, and its alarm rang
    elif row.get("state") not in ENDED or not {"ended_at", "outcome"} <= row.keys():
        yield f"LOST: run {run} never ended; it stands at {row.get('state')!r}"
    elif not any(run in notice["Subject"] for notice in world.notices.published):
        yield f"UNTOLD: run {run} ended {row['state']}, and nobody was told"
    elif not json.loads(row["outcome"]).get("summary"):
        yield f"UNEXPLAINED: run {run} ended {row['state']} without a summary"


def _nothing_goes_backwards(world: Amazon) -> Iterator[str]:
    for run, states in world.ledger.passed.items():
        if any(after not in TRANSITIONS[before] for before, after in pairwise(states)):
            yield f"BACKWARDS: run {run} went {' → '.join(states)}"


def _jobs_are_followed_to_their_end(world: Amazon) -> Iterator[str]:
    for job in world.bedrock.all_jobs():
        run = _run_of(job)
        row = world.ledger.items.get(run, {})
        given_up = row.get("state") == "failed" or _parked(world, run)
        if given_up and LASTING & set(world.strikes.values()):
            continue  # its outcome says why nobody could look; the reconciler is to take it up
        if job["status"] not in ("Completed", "Failed", "Stopped"):
            yield f"FORGOTTEN: job {job['jobName']} of run {run} is still {job['status']}"
        elif (
            job["status"] == "Completed"
            and row.get("state") != "trained"
            and not _parked(world, run)
        ):
            yield f"FORGOTTEN: run {run} has a model, and stands at {row.get('state')!r}"
        elif row.get("state") == "trained" and job["status"] != "Completed":
            yield f"WRONG: run {run} is recorded as trained, and its job is {job['status']}"


def _trained_on_what_was_checked(world: Amazon) -> Iterator[str]:
    for job in world.bedrock.all_jobs():
        key = job["trainingDataConfig"]["s3Uri"].removeprefix(f"s3://{PREPARED}/")
        versions = list(world.storage.versions.get((PREPARED, key), {}).values())
        digests = [hashlib.sha256(content).hexdigest() for content in versions]
        if digests != [key.split("/")[1]]:
            yield f"OTHER BYTES: job {job['jobName']} read {key}, which holds {digests}"


def _as_usual(world: Amazon) -> Iterator[str]:
    """Without a fault every run ends as its scenario says."""
    for put in world.scenario.puts if not world.strikes else ():
        state = world.ledger.items.get(put.run_id(), {}).get("state")
        if state != world.scenario.end:
            yield f"OTHERWISE: {put.key} version {put.version} ended {state!r}, not {world.scenario.end!r}"


def _parked(world: Amazon, run: str) -> bool:
    return any(end.state == UNTOLD for end in world.ends.get(run, ()))


def _run_of(job: dict[str, Any]) -> str:
    return next(str(tag["value"]) for tag in job["tags"] if tag["key"] == "run")
