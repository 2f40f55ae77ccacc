"""A hundred runs, ten job slots and jobs of a day, lived by the real handlers and the synthesized machine."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from multiprocessing import get_context
from typing import Any

import explored_handlers
import pytest
import rounds
import services
from amazon import Amazon
from machine import MOST_EVENTS
from scenarios import FOLDER, SCENARIOS, Put, records
from test_fees import GB, PRICES, SECONDS, fees, patient

from lambdas import deployed_recipes

RUNS, SLOTS, HOURS = 100, 10, 24
ROUNDS_A_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Lived:
    states: Counter[str]
    jobs: int
    most_at_once: int
    days: float
    events: tuple[int, int]
    """Of an execution's history: the fewest, the most."""
    usd_a_run: float
    """All that AWS takes beside Bedrock's price, but for the dispatcher."""
    usd_a_day: float
    """Of the dispatcher, which comes once a minute."""


def _lived(definition: Mapping[str, Any]) -> Lived:
    """In a process of its own, with a budget that holds all of it, and a day for each job."""
    explored_handlers.BUDGET_USD = Decimal(1_000)
    services.STEP_SECONDS = HOURS * 1200
    rounds._MOST_DISPATCHES = 10**6  # noqa: SLF001 — as long as someone waits, and that is days
    puts = tuple(
        Put(key=f"{FOLDER}/{n}/train.jsonl", version="v1", content=records(f"Number {n}"))
        for n in range(RUNS)
    )
    scenario = replace(SCENARIOS[0], puts=puts, quota=SLOTS)
    with explored_handlers.opened() as functions:
        deployed_recipes.load = cache(patient(deployed_recipes.load))
        world = Amazon(definition, functions, scenario)
        scenario.begin(world)
        world.clock.run()
        return _figures(world)


def _figures(world: Amazon) -> Lived:
    jobs = world.bedrock.all_jobs()
    moves = [(job["creationTime"], 1) for job in jobs] + [(job["endTime"], -1) for job in jobs]
    now, most = 0, 0
    for _, step in sorted(moves):
        now += step
        most = max(most, now)
    events = [execution.events for execution in world.executions]
    dispatched = world.invoked.count("dispatch_queue")
    calls = Counter(call.service for call in world.calls if call.who == "dispatch_queue")
    a_round = (
        PRICES["lambda_request"]["usd"]
        + SECONDS * GB * PRICES["lambda_gb_second"]["usd"]
        + calls["dynamodb"] / dispatched * PRICES["dynamodb"]["usd"]
    )
    return Lived(
        states=Counter(world.ledger.record(put.run_id()).state for put in world.scenario.puts),
        jobs=len(jobs),
        most_at_once=most,
        days=(max(job["endTime"] for job in jobs) - jobs[0]["creationTime"]).total_seconds()
        / 86400,
        events=(min(events), max(events)),
        usd_a_run=(sum(fees(world).values()) - a_round * dispatched) / RUNS,
        usd_a_day=a_round * ROUNDS_A_DAY,
    )


@pytest.mark.usefixtures("functions")
def test_a_hundred_runs_with_ten_slots_and_jobs_of_a_day_are_trained_for_two_cents_each(
    definition, capsys
):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        lived = pool.submit(_lived, definition).result()
    with capsys.disabled():
        print(f"\n{lived}")  # noqa: T201 — figures to look at
    assert lived.states == {"trained": RUNS}
    assert (lived.jobs, lived.most_at_once) == (RUNS, SLOTS)
    assert lived.days < RUNS / SLOTS + 1
    assert lived.events[1] < MOST_EVENTS / 10
    assert lived.usd_a_run < 0.02
    assert lived.usd_a_day < 0.05
