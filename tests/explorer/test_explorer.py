"""Fifteen thousand histories of uploads under faults: none lost, none twice, none forgotten."""

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest
from explore import Explorer, Walk
from explored_handlers import opened
from promises import broken
from sabotage import SABOTAGES
from scenarios import SCENARIOS

LEAST = 15_000
ASKED = {"Approved?", "Not approved", "Answer not taken"}
"""States that only a person's answer leads to; nobody answers here."""


def _walk(definition: Mapping[str, Any], number: int) -> Walk:
    """In a process of its own, with functions of its own."""
    with opened() as functions:
        return Explorer(definition=definition, functions=functions).walk(SCENARIOS[number])


@pytest.mark.usefixtures("functions")
def test_fifteen_thousand_histories_lose_nothing_and_pay_nothing_twice(definition, capsys):
    began = time.perf_counter()
    longest_first = sorted(range(len(SCENARIOS)), key=lambda n: -len(SCENARIOS[n].puts))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        walks = list(pool.map(partial(_walk, definition), longest_first))
    seconds, count = time.perf_counter() - began, sum(walk.count for walk in walks)
    with capsys.disabled():
        print(f"\n{count:,} histories of {len(SCENARIOS)} scenarios in {seconds:.0f} s")  # noqa: T201 — a figure to look at
        print(f"excused by an alarm: {dict(sum((walk.excused for walk in walks), Counter()))}")  # noqa: T201
    for walk in walks:
        assert walk.story is None, str(walk.story)
        assert walk.possible() <= walk.struck  # each kind of call, by each kind of fault
    assert count >= LEAST
    assert definition["States"].keys() - set().union(*(walk.states for walk in walks)) == ASKED
    errors = set().union(*(walk.errors for walk in walks))
    assert {each.partition(".")[0] for each in errors} == {"DynamoDB", "DynamoDb", "SNS", "Sfn"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_history_is_the_same_each_time(definition, functions, scenario):
    explorer = Explorer(definition=definition, functions=functions)
    [schedule] = explorer.drawn(scenario, 1)
    assert explorer.live(scenario, schedule).story == explorer.live(scenario, schedule).story


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda each: each.do.__name__)
def test_a_platform_that_is_wrong_in_one_point_is_found_out(definition, functions, sabotage):
    """By a story that ends with what is wrong, and needs no more faults than that takes."""
    explorer = Explorer(
        definition=definition,
        functions=functions,
        sabotage=sabotage.do,
        judge=lambda world: [said for said in broken(world) if said.startswith(sabotage.found)],
    )
    story = explorer.first_broken(SCENARIOS)
    assert story is not None
    assert len(story.schedule) == sabotage.faults
    text = str(story)
    assert text.startswith("Once there was ")
    assert text.splitlines()[-1].startswith(sabotage.found)
