"""What AWS takes for one run beside Bedrock's price, from the history of a run."""

import json
from collections import Counter
from pathlib import Path

import pytest
import services
from explore import Explorer
from msgspec import structs
from scenarios import SCENARIOS

from lambdas import deployed_recipes
from tuning.runs.machine_states import MachineState

PRICES = json.loads(Path(__file__).with_name("service_prices.json").read_bytes())["prices"]
SECONDS, READING_SECONDS = 1, 60
"""Of one invocation, generously: a function calls two services; prepare_dataset reads the dataset."""
GB, READING_GB = 0.5, 1769 / 1024
"""As tuning/constructs/training.py has them."""
SHORTEST, DEFAULT = 60, 300
"""Of `poll_seconds` in tuning/constructs/config.py."""


def fees(world):
    """USD by service. Transitions of Step Functions are counted as it does: states entered, retries."""
    calls = Counter(call.service for call in world.calls)
    functions = Counter(world.invoked)
    reading = functions.pop("prepare_dataset", 0)
    used = {
        "transition": sum(len(each.path) for each in world.executions),
        "lambda_request": functions.total() + reading,
        "lambda_gb_second": functions.total() * SECONDS * GB
        + reading * READING_SECONDS * READING_GB,
        "dynamodb": 2 * calls["dynamodb"],  # each write is one to the index, too
        "s3": calls["s3"],
        "sns": calls["sns"],
        "sqs_and_event": 4 * functions["receive_upload"],
    }
    return {name: units * PRICES[name]["usd"] for name, units in used.items()}


def patient(load):
    """The same recipe, which lets a job of a day end by itself."""

    def read(path):
        found = load(path)
        return structs.replace(
            found, limits=structs.replace(found.limits, max_hours=48, stall_hours=48)
        )

    return read


def looking_every(seconds, definition):
    """The machine with that `poll_seconds`; what a look says of the next one still counts."""
    wait, said = definition["States"][MachineState.WAIT_FOR_JOB], "[900, $progress.pause_seconds]"
    assert said in wait["Seconds"]
    wait = {**wait, "Seconds": wait["Seconds"].replace("900", str(seconds))}
    return {**definition, "States": {**definition["States"], MachineState.WAIT_FOR_JOB: wait}}


@pytest.mark.parametrize(
    ("hours", "poll", "most"),
    [(2, DEFAULT, 0.005), (12, DEFAULT, 0.01), (24, DEFAULT, 0.02), (24, SHORTEST, 0.02)],
)
def test_a_run_costs_at_most_two_cents_beside_bedrocks_price(
    definition, functions, monkeypatch, capsys, hours, poll, most
):
    monkeypatch.setattr(services, "STEP_SECONDS", hours * 1200)
    monkeypatch.setattr(deployed_recipes, "load", patient(deployed_recipes.load))
    explorer = Explorer(definition=looking_every(poll, definition), functions=functions)
    spent = fees(explorer.live(SCENARIOS[0]))
    with capsys.disabled():
        shown = ", ".join(f"{name} {usd:.5f}" for name, usd in spent.items())
        print(f"\n{hours} h, {poll} s: {sum(spent.values()):.4f} USD ({shown})")  # noqa: T201 — a figure
    assert sum(spent.values()) <= most
