"""The state machine as a graph: where each state leads, and what is known when it is entered."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from review.templates import EnvironmentTemplates

State = Mapping[str, Any]
States = Mapping[str, State]

TERMINAL = ("Succeed", "Fail")
_VARIABLE = re.compile(r"\$([a-z_]+)(?![a-z_(])")


def definition(
    environment: EnvironmentTemplates, name: str = "TrainingRunMachine"
) -> dict[str, Any]:
    machine = environment.one("AWS::StepFunctions::StateMachine", name)
    loaded: dict[str, Any] = json.loads(machine.properties["DefinitionString"])
    return loaded


def of_type(states: States, *types: str) -> dict[str, State]:
    return {name: state for name, state in states.items() if state["Type"] in types}


def retried(task: State) -> set[str]:
    """The errors of it that are tried again."""
    return {
        error for retry in task["Retry"] if retry["MaxAttempts"] for error in retry["ErrorEquals"]
    }


def edges(state: State) -> Iterator[tuple[str, frozenset[str]]]:
    """Each following state, with the variables that the way to it assigns."""
    assigned = frozenset(state.get("Assign", ()))
    if "Next" in state:
        yield state["Next"], assigned
    if "Default" in state:
        yield state["Default"], assigned
    for choice in state.get("Choices", ()):
        yield choice["Next"], assigned | frozenset(choice.get("Assign", ()))
    for catch in state.get("Catch", ()):
        yield catch["Next"], frozenset(catch.get("Assign", ()))


def following(state: State) -> set[str]:
    return {name for name, _ in edges(state)}


def reachable(states: States, start: str, *, without: Collection[str] = ()) -> set[str]:
    """Everything that can come after `start`, and `start`, when the states `without` are closed."""
    seen: set[str] = set()
    ahead = {start} - set(without)
    while ahead:
        name = ahead.pop()
        seen.add(name)
        ahead |= following(states[name]) - seen - set(without)
    return seen


def known(states: States, start: str) -> dict[str, frozenset[str]]:
    """For each state the variables that are assigned on every way to it."""
    everything = frozenset(
        v for state in states.values() for _, assigned in edges(state) for v in assigned
    )
    at = {name: frozenset[str]() if name == start else everything for name in states}
    before = None
    while at != before:
        before = dict(at)
        for name, state in states.items():
            for after, assigned in edges(state):
                at[after] &= at[name] | assigned
    return at


def used(state: State) -> set[str]:
    """The variables that a state's expressions read; those of its catchers are read there too."""
    return set(_VARIABLE.findall(json.dumps(state))) - {"states"}
