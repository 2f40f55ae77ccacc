"""Ten thousand histories of uploads under faults: none lost, none twice, none forgotten."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from explore import Explorer, Walk
from promises import broken
from sabotage import SABOTAGES
from scenarios import SCENARIOS

LEAST = 10_000

_EXPLORER: list[Explorer] = []
"""Inherited by the processes that walk; a pool cannot be handed functions that were replaced."""


def _walk(number: int) -> Walk:
    return _EXPLORER[0].walk(SCENARIOS[number])


def test_ten_thousand_histories_lose_nothing_and_pay_nothing_twice(definition, doors, capsys):
    _EXPLORER[:] = [Explorer(definition=definition, doors=doors)]
    began = time.perf_counter()
    longest_first = sorted(range(len(SCENARIOS)), key=lambda n: -len(SCENARIOS[n].puts))
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        walks = list(pool.map(_walk, longest_first))
    seconds, count = time.perf_counter() - began, sum(walk.count for walk in walks)
    with capsys.disabled():
        print(f"\n{count:,} histories of {len(SCENARIOS)} scenarios in {seconds:.0f} s")  # noqa: T201 — a figure to look at
    for walk in walks:
        assert walk.story is None, str(walk.story)
    assert count >= LEAST


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_history_is_the_same_each_time(definition, doors, scenario):
    explorer = Explorer(definition=definition, doors=doors)
    [schedule] = explorer.drawn(scenario, 1)
    assert explorer.live(scenario, schedule).story == explorer.live(scenario, schedule).story


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda each: each.do.__name__)
def test_a_platform_that_is_wrong_in_one_point_is_found_out(definition, doors, sabotage):
    """By a story that ends with what is wrong, and needs no more faults than that takes."""
    explorer = Explorer(
        definition=definition,
        doors=doors,
        sabotage=sabotage.do,
        judge=lambda world: [said for said in broken(world) if said.startswith(sabotage.found)],
    )
    story = next(filter(None, map(explorer.first_broken, SCENARIOS)))
    assert len(story.schedule) == sabotage.faults
    text = str(story)
    assert text.startswith("Once there was ")
    assert text.splitlines()[-1].startswith(sabotage.found)
