"""A state machine's definition as a graph."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from diagrams.graph import Arrow, Graph, Node, Shape

Definition = Mapping[str, Any]

_SHAPES: Mapping[str, Shape] = {
    "Choice": "choice",
    "Fail": "end",
    "Pass": "start",
    "Succeed": "end",
    "Task": "box",
    "Wait": "queue",
}


def machine(definition: str | Mapping[str, Any]) -> Graph:
    """A `DefinitionString`; dotted arrows are faults, caught."""
    states = _states(definition)
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    return Graph(
        direction="TD",
        nodes=[
            Node(id=ids[name], title=_title(name, state), shape=_SHAPES[state["Type"]])
            for name, state in states.items()
        ],
        arrows=[arrow for name, state in states.items() for arrow in _arrows(name, state, ids)],
    )


def _arrows(name: str, state: Mapping[str, Any], ids: Mapping[str, str]) -> Iterator[Arrow]:
    for to, words in _next(state):
        yield Arrow(start=ids[name], to=ids[to], words=words)
    for catch in state.get("Catch", []):
        yield Arrow(start=ids[name], to=ids[catch["Next"]], words="fault", dotted=True)


def _states(definition: str | Mapping[str, Any]) -> Definition:
    """The states in the order in which a run may come to them."""
    parts = [definition] if isinstance(definition, str) else definition["Fn::Join"][1]
    # What is not known before it is deployed, an ARN or a name, is in no arrow.
    text = "".join(part if isinstance(part, str) else "…" for part in parts)
    machine = json.loads(text)
    order, waiting = {}, [machine["StartAt"]]
    while waiting:
        name = waiting.pop(0)
        if name not in order:
            state = order[name] = machine["States"][name]
            waiting += [to for to, _ in _next(state)]
            waiting += [catch["Next"] for catch in state.get("Catch", [])]
    return order


def _next(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a state leads to, and when."""
    for choice in state.get("Choices", []):
        yield choice["Next"], _plain(choice["Condition"])
    if "Default" in state:
        yield state["Default"], "else"
    if "Next" in state:
        yield state["Next"], ""


def _plain(condition: str) -> str:
    """`dataset.verdict = accepted` for `{% $dataset.verdict = 'accepted' %}`."""
    return re.sub(r"[{}%$'\"]", "", condition).strip()


def _title(name: str, state: Mapping[str, Any]) -> str:
    if state["Type"] == "Wait":
        return f"{name} {_plain(str(state['Seconds']))} s"
    # Errors of the platform's own are worth a word; service faults are retried everywhere.
    own = [
        error
        for retry in state.get("Retry", [])
        for error in retry["ErrorEquals"]
        if len(retry["ErrorEquals"]) == 1 and not error.startswith("States.")
    ]
    return "<br/>".join([name, *(f"waits on {error}" for error in own)])
