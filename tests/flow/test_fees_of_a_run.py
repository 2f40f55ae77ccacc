"""What AWS takes for a run beside Bedrock's price, from the history of a real execution."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounts import conversations

from tuning.runs.progress import polled
from tuning.runs.recipes import Limits, Recipe
from tuning.runs.run import Run
from tuning.runs.uploads import Upload

PRICES = json.loads((Path(__file__).parents[1] / "explorer" / "service_prices.json").read_bytes())[
    "prices"
]
RECIPE = "support-nova-micro"
POLL_SECONDS = 300
LOOK = ("Wait for job", "Track training", "Job status?")
CALLS = {"dynamodb": 30, "s3": 12, "sns": 1, "sqs_and_event": 4}
"""Of a whole run, generously; a look is two more of the ledger's."""


def entered(events):
    return [
        e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e
    ]


def retries(events):
    """Each try after the first is a transition too.
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    kinds = Counter(event["type"] for event in events)
    return kinds["TaskScheduled"] - kinds["TaskStateEntered"]


def invocations(events):
    """(state, seconds) of every task: from its scheduling to its answer, which is no less than what
    Lambda bills."""
    found, state, since = [], "", None
    for event in events:
        if "stateEnteredEventDetails" in event:
            state = event["stateEnteredEventDetails"]["name"]
        elif event["type"] == "TaskScheduled":
            since = event["timestamp"]
        elif event["type"] in ("TaskSucceeded", "TaskFailed") and since:
            found.append((state, (event["timestamp"] - since).total_seconds()))
    return found


def fees(events):
    calls = invocations(events)
    polls = entered(events).count("Track training")
    used = {
        "transition": len(entered(events)) + retries(events),
        "lambda_request": len(calls),
        "lambda_gb_second": sum(
            s * (1.73 if name == "Prepare dataset" else 0.5) for name, s in calls
        ),
        **CALLS,
        "dynamodb": CALLS["dynamodb"] + 2 * polls,
    }
    return {name: units * PRICES[name]["usd"] for name, units in used.items()}


def polls(hours):
    """How often a job of that length is looked at, by default."""
    start = datetime(2026, 11, 23, 7, tzinfo=UTC)
    upload = Upload(
        bucket="b",
        key="datasets/x/train.jsonl",
        version_id="1",
        size=1,
        arrived_at="2026-11-23T07:00:00Z",
    )
    recipe = Recipe(
        name="x",
        description="x",
        base_model="amazon.nova-micro-v1:0:128k",
        limits=Limits(max_hours=hours),
    )
    run, now, count, pause = Run.new(upload=upload, recipe=recipe), start, 0, 0
    job = {
        "status": "InProgress",
        "creationTime": start,
        "statusDetails": {"trainingDetails": {"status": "InProgress", "lastModifiedTime": start}},
    }
    while now < start + timedelta(hours=hours):
        now += timedelta(seconds=max(POLL_SECONDS, pause))
        pause = polled(job, run, before=None, now=now).pause_seconds
        count += 1
    return count


def test_a_run_costs_two_cents_at_most_even_when_its_job_takes_a_day(world, capsys):
    row = world.ended(world.upload(conversations("Fees"), f"{RECIPE}/fees"))
    assert row.state == "trained"
    events = list(world.account.executions.history(row.id))
    spent = fees(events)
    seen = entered(events).count("Track training")
    assert [entered(events).count(name) for name in LOOK] == [seen] * 3
    seconds = [s for name, s in invocations(events) if name == "Track training"]
    once = (
        3 * PRICES["transition"]["usd"]
        + PRICES["lambda_request"]["usd"]
        + max(seconds) * 0.5 * PRICES["lambda_gb_second"]["usd"]
        + 2 * PRICES["dynamodb"]["usd"]
    )
    day = sum(spent.values()) + (polls(24) - seen) * once
    with capsys.disabled():
        by_service = ", ".join(f"{name} {usd:.5f}" for name, usd in spent.items())
        print(f"\nas it ran, {seen} polls: {sum(spent.values()):.4f} USD ({by_service})")  # noqa: T201 — a figure
        print(f"24 h, {polls(24)} polls: {day:.4f} USD")  # noqa: T201 — a figure
    assert sum(spent.values()) <= 0.02
    assert day <= 0.02
