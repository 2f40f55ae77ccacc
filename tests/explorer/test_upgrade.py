"""A deployment, or a rollback, at every moment of a run: it ends as it would have without.

An execution ends by the definition that it was started with, and meets the functions of the other version
from some invocation on: at each invocation in turn, thus in each open state.
"""

import pytest
from amazon import Amazon
from clockwork import START
from explored_handlers import BUDGET_USD
from former_functions import FORMER, Deployed
from promises import broken
from scenarios import SCENARIOS

OF_ONE_VERSION = [each for each in SCENARIOS if not each.has_two_versions]


def lived(definition, functions, scenario):
    world = Amazon(definition, functions, scenario)
    world.live()
    return world


def each_moment(definition, functions, scenario, *, rollback):
    """What is broken, by the invocation at which the other version came; before the first to never."""
    at, found = 0, {}
    while True:
        deployed = Deployed(functions, at=at, rollback=rollback)
        world = lived(definition, deployed, scenario)
        if said := broken(world):
            found[at] = (said, world.story[-12:])
        if deployed.invocations <= at:
            return found
        at += 1


@pytest.mark.parametrize("scenario", OF_ONE_VERSION, ids=lambda each: each.name)
def test_runs_of_the_former_version_end_well_after_a_deployment_at_any_moment(functions, scenario):
    assert each_moment(FORMER, functions, scenario, rollback=False) == {}


@pytest.mark.parametrize("scenario", OF_ONE_VERSION, ids=lambda each: each.name)
def test_runs_of_this_version_end_well_after_a_rollback_at_any_moment(
    definition, functions, scenario
):
    assert each_moment(definition, functions, scenario, rollback=True) == {}


@pytest.mark.parametrize("scenario", OF_ONE_VERSION, ids=lambda each: each.name)
def test_runs_of_the_former_version_end_well_after_a_deployment_and_a_rollback(functions, scenario):
    assert each_moment(FORMER, functions, scenario, rollback=True) == {}


@pytest.mark.parametrize("version", ["former", "present"])
def test_a_run_of_either_version_that_is_stopped_when_it_would_ask_for_approval_asks_nobody(
    definition, functions, version
):
    """The first state machine knows no way from there to an end but by `Start training`, which starts no
    job of a run that is to stop.
    """
    scenario = SCENARIOS[0]
    world = Amazon(FORMER if version == "former" else definition, functions, scenario)
    month = f"budget#{START:%Y-%m}"
    world.ledger.items[month] = {"pk": month, "committed": BUDGET_USD, "spent": BUDGET_USD}

    def authorize(event, context):
        world.ledger.items[event["run"]["id"]]["stop_asked"] = "by someone"
        return functions["authorize_spend"](event, context)

    world.functions = {**functions, "authorize_spend": authorize}
    world.live()
    assert world.ledger.record(scenario.puts[0].run_id()).state == "stopped"
    assert world.bedrock.created == []
    assert not any("waits for approval" in each["Subject"] for each in world.notices.published)


def test_every_function_of_the_former_version_is_given_what_it_read(definition):
    """After a rollback it is there again, under executions that this version has started."""
    former, current = _given(FORMER), _given(definition)
    assert former
    for step, names in former.items():
        assert names <= current[step], step


def _given(machine):
    return {
        name: set(state["Arguments"]["Payload"])
        for name, state in machine["States"].items()
        if "Payload" in state.get("Arguments", {})
    }
