"""The reconciler's rounds, in virtual time: a few while things happen, then until all is quiet."""

import json
from typing import TYPE_CHECKING, Any

from machine import Failed
from schedule import FOR_GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon import Amazon

HOUR = 3600
AMONG_US = (1300, 5 * HOUR)
"""Seconds after the first event at which a round comes while runs are under way: when a job is young,
and when it is done."""
_BETWEEN = 6 * HOUR
"""Longer than a run is left to itself, so that few rounds are needed."""
_MOST = 9
_MOST_DISPATCHES = 100


DISPATCH_SECONDS = 5 * 60
"""Seldomer than once a minute, so that a history has fewer calls; while someone waits, and no longer."""


def dispatching(world: "Amazon") -> None:
    """Rounds of the dispatcher, as long as a run waits for a job slot."""
    if world.dispatching:
        return
    world.dispatching = True

    def rounds() -> None:
        for _ in range(_MOST_DISPATCHES):
            world.clock.sleep(DISPATCH_SECONDS)
            if not any("queue" in row for row in world.ledger.items.values()):
                break
            world.invoke("dispatch_queue", {})
        world.dispatching = False

    world.clock.spawn(rounds)


def among_us(world: "Amazon") -> None:
    for seconds in AMONG_US:
        world.clock.spawn(lambda: _round(world), after=seconds)


def until_quiet(world: "Amazon") -> None:
    """What cannot be healed fires an alarm at every round; then it is enough to see it fire."""
    for _ in range(_MOST):
        world.clock.spawn(lambda: _round(world), after=_BETWEEN)
        world.clock.run()
        if world.rounds[-1] == {"healed": {}}:
            return


def _round(world: "Amazon") -> None:
    answer: Any = world.invoke("reconcile_runs", {})
    world.rounds.append(answer)


def named_by_alarms(world: "Amazon") -> set[str]:
    """The runs that the last round could not heal or treat: an alarm names them. Of a round that failed as
    a whole, while a denial lasts that nobody takes back, all that there are.
    """
    last = world.rounds[-1]
    if not isinstance(last, Failed):
        return {run for run, done in last["healed"].items() if "escalate" in done}
    if last.error == "NotReconciled":
        names = json.loads(last.cause)["errorMessage"].split(", ")
        runs = {job["jobArn"]: tagged(job) for job in world.bedrock.all_jobs()}
        return {runs.get(name, name) for name in names}
    if FOR_GOOD.isdisjoint(kind for _, kind in world.struck):
        return set()
    return {record.id for record in world.ledger.records()} | {
        put.run_id() for put in world.scenario.puts
    }


def tagged(job: "Mapping[str, Any]") -> str:
    """The run whose tag a job bears."""
    return next(str(tag["value"]) for tag in job["tags"] if tag["key"] == "run")
