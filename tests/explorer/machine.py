"""A state machine at work: the synthesized definition, interpreted state by state.

What it does not know of the language it refuses, so that a new kind of state cannot go untested.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from expressions import QueryError, evaluated

State = Mapping[str, Any]
_UNCATCHABLE = frozenset({"States.DataLimitExceeded", "States.Runtime"})


MOST_EVENTS, LONGEST = 25_000, timedelta(days=365)
"""Of an execution. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_EVENTS = {"Task": 5, "Pass": 2, "Choice": 2, "Wait": 2, "Succeed": 2, "Fail": 1}
"""What entering, doing and leaving a state writes into the history."""
_TRY_EVENTS = 3
"""A task scheduled, started and failed."""


class Failed(Exception):  # noqa: N818 — it is what happened to the state
    """A state failed, under a name that Retry and Catch are written against."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass(frozen=True, kw_only=True)
class End:
    status: Literal["SUCCEEDED", "FAILED", "TIMED_OUT"]
    state: str
    error: str = ""
    cause: str = ""


class Surroundings(Protocol):
    """What an execution needs of the world."""

    def perform(self, resource: str, arguments: Any, limit: float | None) -> Any:
        """Do a task, within `limit` seconds; raises Failed."""

    def sleep(self, seconds: float) -> None: ...

    def moment(self) -> str:
        """ISO 8601, UTC."""

    def jitter(self, most: float) -> float: ...


@dataclass(kw_only=True)
class Execution:
    definition: Mapping[str, Any]
    name: str
    given: Any
    world: Surroundings
    variables: dict[str, Any] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    """The states it has entered."""
    events: int = 1
    """Of its history."""

    def run(self) -> End:
        self.started = self.world.moment()
        at, held = self.definition["StartAt"], self.given
        while True:
            state = self.definition["States"][at]
            self.path.append(at)
            self.entered = self.world.moment()
            self.events += _EVENTS.get(state["Type"], 0) + (".wait" in state.get("Resource", ""))
            if ended := self._at_its_limits(at):
                return ended
            try:
                match state["Type"]:
                    case "Succeed":
                        self._read(state.get("Output", {}), held)
                        return End(status="SUCCEEDED", state=at)
                    case "Fail":
                        said = self._read({k: state.get(k, "") for k in ("Error", "Cause")}, held)
                        return End(
                            status="FAILED", state=at, error=said["Error"], cause=said["Cause"]
                        )
                at, held = self.step(state, held)
            except Failed as failed:
                return End(status="FAILED", state=at, error=failed.error, cause=failed.cause)

    def _at_its_limits(self, at: str) -> End | None:
        if self.events > MOST_EVENTS:
            words = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
            return End(status="FAILED", state=at, error="States.Runtime", cause=words)
        lasts = datetime.fromisoformat(self.entered) - datetime.fromisoformat(self.started)
        most = min(LONGEST, timedelta(seconds=self.definition.get("TimeoutSeconds", 10**9)))
        return End(status="TIMED_OUT", state=at) if lasts > most else None

    def step(self, state: State, held: Any) -> tuple[str, Any]:
        """The next state and its input."""
        match state["Type"]:
            case "Pass":
                return self._go(state, state["Next"], held, held)
            case "Wait":
                self.world.sleep(self._number(state["Seconds"], held))
                return self._go(state, state["Next"], held, held)
            case "Choice":
                return self._choose(state, held)
            case "Task":
                return self._task(state, held)
        raise NotImplementedError(f"the explorer does not know states of type {state['Type']}")

    def _choose(self, state: State, held: Any) -> tuple[str, Any]:
        for choice in state["Choices"]:
            if self._read(choice["Condition"], held) is True:
                return self._go(choice, choice["Next"], held, held)
        return self._go(state, state["Default"], held, held)

    def _task(self, state: State, held: Any) -> tuple[str, Any]:
        retried = [0] * len(state.get("Retry", ()))
        while True:
            try:
                arguments = self._read(state.get("Arguments", {}), held)
                limit = state.get("TimeoutSeconds")
                seconds = None if limit is None else float(self._read(limit, held))
                result = self.world.perform(state["Resource"], arguments, seconds)
                return self._go(state, state["Next"], held, result, result=result)
            except Failed as failed:
                self.events += _TRY_EVENTS
                if (pause := self._retry(state.get("Retry", ()), retried, failed)) is None:
                    return self._catch(state, held, failed)
            self.world.sleep(pause)

    def _retry(self, retriers: Iterable[State], retried: list[int], failed: Failed) -> float | None:
        """Seconds until the next attempt, if there is one. The first retrier that matches decides."""
        for number, retrier in enumerate(retriers):
            if _matches(retrier["ErrorEquals"], failed.error):
                if retried[number] >= retrier.get("MaxAttempts", 3):
                    return None
                factor = retrier.get("BackoffRate", 2) ** retried[number]
                pause = min(
                    retrier.get("IntervalSeconds", 1) * factor,
                    retrier.get("MaxDelaySeconds", 10**9),
                )
                retried[number] += 1
                return self.world.jitter(pause)
        return None

    def _catch(self, state: State, held: Any, failed: Failed) -> tuple[str, Any]:
        for catcher in state.get("Catch", ()):
            if _matches(catcher["ErrorEquals"], failed.error):
                said = {"Error": failed.error, **({"Cause": failed.cause} if failed.cause else {})}
                return self._go(catcher, catcher["Next"], held, said, errorOutput=said)
        raise failed

    def _go(
        self, by: State, following: str, held: Any, output: Any, **about: Any
    ) -> tuple[str, Any]:
        """Assign and Output are both evaluated with the variables as they were."""
        bindings = self._bindings(held, **about)
        try:
            assigned = evaluated(by.get("Assign", {}), bindings)
            after = evaluated(by["Output"], bindings) if "Output" in by else output
        except QueryError as wrong:
            raise Failed("States.QueryEvaluationError", str(wrong)) from wrong
        self.variables.update(assigned)
        return following, after

    def _read(self, template: Any, held: Any) -> Any:
        try:
            return evaluated(template, self._bindings(held))
        except QueryError as wrong:
            raise Failed("States.QueryEvaluationError", str(wrong)) from wrong

    def _number(self, template: Any, held: Any) -> float:
        """Text fails the execution, whatever it says.
        https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
        """
        found = self._read(template, held)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Failed("States.QueryEvaluationError", f"Seconds is {found!r}, and not a number")
        return float(found)

    def _bindings(self, held: Any, **about: Any) -> dict[str, Any]:
        arn = f"arn:aws:states:us-east-1:123456789012:execution:TrainingRun:{self.name}"
        execution = {"Id": arn, "Name": self.name, "Input": self.given, "StartTime": self.started}
        context = {
            "Execution": execution,
            "State": {"Name": self.path[-1], "EnteredTime": self.entered},
            "Task": {"Token": f"token-{self.name}-{len(self.path)}"},
        }
        return {**self.variables, "states": {"input": held, "context": context, **about}}


def _matches(errors: Iterable[str], error: str) -> bool:
    if error in _UNCATCHABLE:
        return False
    special = {"States.ALL"} | (set() if error == "States.Timeout" else {"States.TaskFailed"})
    return any(wanted == error or wanted in special for wanted in errors)
