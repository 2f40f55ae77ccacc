"""Executions that the first version of the platform started end well under the functions of this one.

Its state machine was written by its own synthesis; a deployment leaves it to executions under way.
"""

import json
from pathlib import Path

import pytest
from explore import Explorer
from promises import broken
from scenarios import SCENARIOS

FORMER = Path(__file__).parents[1] / "data/former_version/definition.json"


@pytest.fixture(scope="module")
def explorer(functions):
    return Explorer(definition=json.loads(FORMER.read_bytes()), functions=functions)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_history_of_the_former_machine_ends_as_it_should(explorer, scenario):
    world = explorer.live(scenario)
    assert broken(world) == [], world.story


def test_every_function_of_the_former_version_is_given_what_it_read(definition):
    """After a rollback it is there again, under executions that this version has started."""
    former, current = (_given(machine) for machine in (json.loads(FORMER.read_bytes()), definition))
    assert former
    for step, names in former.items():
        assert names <= current[step], step


def _given(machine):
    return {
        name: set(state["Arguments"]["Payload"])
        for name, state in machine["States"].items()
        if "Payload" in state.get("Arguments", {})
    }
