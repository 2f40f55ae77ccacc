"""What AWS takes for one run beside Bedrock's price, from the history of a run."""

import json
from collections import Counter
from pathlib import Path

import pytest
import services
from explore import Explorer
from scenarios import SCENARIOS

PRICES = json.loads(Path(__file__).with_name("service_prices.json").read_bytes())["prices"]
SECONDS, READING_SECONDS = 1, 60
"""Of one invocation, generously: a door calls two services; prepare_dataset reads the dataset."""
GB, READING_GB = 0.5, 1769 / 1024
"""As stacks/training.py has them."""
POLL_SECONDS = 300


def fees(world):
    """USD by service. Transitions of Step Functions are counted as it does: states entered, retries."""
    calls = Counter(call.service for call in world.calls)
    doors = Counter(world.invoked)
    reading = doors.pop("prepare_dataset", 0)
    used = {
        "transition": sum(len(path) for path in world.paths),
        "lambda_request": doors.total() + reading,
        "lambda_gb_second": doors.total() * SECONDS * GB + reading * READING_SECONDS * READING_GB,
        "dynamodb": 2 * calls["dynamodb"],  # each write is one to the index, too
        "s3": calls["s3"],
        "sns": calls["sns"],
        "sqs_and_event": 4 * doors["receive_upload"],
    }
    return {name: units * PRICES[name]["usd"] for name, units in used.items()}


@pytest.mark.parametrize(("hours", "most"), [(2, 0.005), (12, 0.02)])
def test_a_run_costs_at_most_two_cents_beside_bedrocks_price(
    definition, doors, monkeypatch, capsys, hours, most
):
    monkeypatch.setattr(services, "STEP_SECONDS", hours * 1200)
    wait = {**definition["States"]["Wait"], "Seconds": POLL_SECONDS}
    states = {**definition["States"], "Wait": wait}
    explorer = Explorer(definition={**definition, "States": states}, doors=doors)
    spent = fees(explorer.live(SCENARIOS[0]))
    with capsys.disabled():
        shown = ", ".join(f"{name} {usd:.5f}" for name, usd in spent.items())
        print(f"\n{hours} h: {sum(spent.values()):.4f} USD ({shown})")  # noqa: T201 — a figure
    assert sum(spent.values()) <= most
