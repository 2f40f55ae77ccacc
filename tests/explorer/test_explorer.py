"""Twelve thousand histories of uploads under faults: none lost, none twice, none forgotten.

`TUNING_EVERY_FAULT=1` lives more than twice as many.
"""

import time
from collections import Counter

import pytest
from explore import Explorer
from promises import broken
from sabotage import SABOTAGES
from scenarios import EVERY_FAULT, SCENARIOS
from walks import possible, struck, walked

LEAST = 25_000 if EVERY_FAULT else 12_000
ASKED = {"Approved?", "Not approved", "Answer not taken"}
"""States that only a person's answer leads to; nobody answers here."""


@pytest.mark.usefixtures("functions")
def test_twelve_thousand_histories_lose_nothing_and_pay_nothing_twice(definition, capsys):
    began = time.perf_counter()
    walks = walked(definition)
    seconds, count = time.perf_counter() - began, sum(walk.count for walk in walks)
    with capsys.disabled():
        print(f"\n{count:,} histories of {len(SCENARIOS)} scenarios in {seconds:.0f} s")  # noqa: T201 — a figure to look at
        print(f"excused by an alarm: {dict(sum((walk.excused for walk in walks), Counter()))}")  # noqa: T201
    for walk in walks:
        assert walk.story is None, str(walk.story)
        assert not EVERY_FAULT or walk.possible() <= walk.struck
    assert possible(walks) <= struck(walks)  # each kind of call, by each kind of fault
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
