"""The tests of the templates as a gate: each is asked about an environment that is not the real one.

pytest would collect them anew for each; here they are read once, with their parameters and fixtures,
and called.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from review.templates import Environment

FOLDER = Path(__file__).parent.parent / "tests" / "stacks"
MODULES = (
    *("test_storage_stack", "test_network_stack", "test_powers", "test_job_role", "test_functions"),
    *("test_intake_rule", "test_machine_surroundings", "test_monitoring"),
)
_GIVEN = ("dev", "environment")
_NOTICED = (AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
"""How a test ends other than well: it says no, or what it looks for is not there."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One test, with one set of parameters."""

    name: str
    test: Callable[..., None]
    module: ModuleType
    given: Mapping[str, Any]
    """Values of its parameters, and under a fixture's name that fixture's own."""

    def holds(self, environment: Environment, made: dict[Any, Any]) -> bool:
        """`made` keeps what fixtures made of this environment."""
        try:
            self.test(**self._arguments(self.test, environment, made))
        except _NOTICED:
            return False
        return True

    def _arguments(
        self, wanted: Callable[..., Any], environment: Environment, made: dict[Any, Any]
    ) -> dict[str, Any]:
        names = inspect.signature(wanted).parameters
        return {n: self._argument(n, environment, made) for n in names if n != "request"}

    def _argument(self, name: str, environment: Environment, made: dict[Any, Any]) -> Any:
        if name in _GIVEN:
            return environment
        fixture = _fixture(self.module, name)
        if fixture is None:
            return self.given[name]
        key = (fixture, *((n, self.given[n]) for n in _fixtures(self.module, fixture, name)))
        if key not in made:
            arguments = self._arguments(fixture, environment, made)
            if "request" in inspect.signature(fixture).parameters:
                arguments["request"] = SimpleNamespace(param=self.given[name])
            made[key] = fixture(**arguments)
        return made[key]


def checks() -> list[Check]:
    """All tests that ask for one environment and nothing else."""
    for folder in (FOLDER, FOLDER.parent):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    return [check for name in MODULES for check in _checks(import_module(name))]


def _checks(module: ModuleType) -> Iterator[Check]:
    for name, test in vars(module).items():
        if name.startswith("test_") and _answerable(module, test):
            for given in _parameters(module, test):
                yield Check(name=name, test=test, module=module, given=given)


def _answerable(module: ModuleType, test: Callable[..., Any]) -> bool:
    """Whether everything it asks for is an environment, its parameters, or made of these."""
    own = {name for mark in _marks(test) for name in _names(mark)}
    return all(
        name in (*_GIVEN, *own, "request")
        or ((fixture := _fixture(module, name)) is not None and _answerable(module, fixture))
        for name in inspect.signature(test).parameters
    )


def _parameters(module: ModuleType, test: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    choices = []
    for mark in _marks(test):
        names = _names(mark)
        rows = [getattr(row, "values", row) for row in mark.args[1]]
        choices.append(
            [dict(zip(names, r if len(names) > 1 else _one(r), strict=True)) for r in rows]
        )
    fixtures = _fixtures(module, test)
    choices += [[{name: value} for value in _params(module, name)] for name in fixtures]
    for chosen in product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def _one(row: Any) -> tuple[Any, ...]:
    return row if isinstance(row, tuple) and len(row) == 1 else (row,)


def _marks(test: Callable[..., Any]) -> list[Any]:
    return [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]


def _names(mark: Any) -> list[str]:
    names = mark.args[0]
    return [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)


def _fixture(module: ModuleType, name: str) -> Callable[..., Any] | None:
    made: Callable[..., Any] | None = getattr(getattr(module, name, None), "__wrapped__", None)
    return made


def _fixtures(module: ModuleType, asking: Callable[..., Any], *names: str) -> list[str]:
    """The fixtures with parameters that it needs, and those that they need."""
    found = [name for name in names if _params(module, name)]
    for name in inspect.signature(asking).parameters:
        if fixture := _fixture(module, name):
            found += [n for n in _fixtures(module, fixture, name) if n not in found]
    return found


def _params(module: ModuleType, name: str) -> tuple[Any, ...]:
    marker = getattr(getattr(module, name, None), "_fixture_function_marker", None)
    return tuple(getattr(marker, "params", None) or ())
