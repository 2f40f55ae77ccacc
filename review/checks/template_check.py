"""A check: one question to an environment's templates, answered by an assertion.

Only an AssertionError says no: what a template lacks is one too (`review.templates.AbsentError`). Any
other exception is a fault of the check, and is never taken for an answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, overload

import review.checks
from review.templates import EnvironmentTemplates

_Question = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    question: _Question
    given: tuple[Any, ...] = ()
    """What it is asked about, beside the environment."""
    only: str = ""
    """The one environment that it is about; every one when empty."""

    def ask(self, environment: EnvironmentTemplates) -> None:
        """Raises AssertionError when it does not hold."""
        self.question(environment, *self.given)

    def holds(self, environment: EnvironmentTemplates) -> bool:
        try:
            self.ask(environment)
        except AssertionError:
            return False
        return True

    def __str__(self) -> str:
        return "-".join([self.name, *(str(getattr(g, "name", g)) for g in self.given)])


_CHECKS: list[Check] = []


@overload
def check(question: _Question) -> _Question: ...
@overload
def check(*, only: str) -> Callable[[_Question], _Question]: ...
def check(question: _Question | None = None, *, only: str = "") -> Any:
    """Make a check of a function of an environment, once for each value of `each`."""

    def marked(asked: _Question) -> _Question:
        rows = getattr(asked, "_given", [()])
        name = asked.__name__
        _CHECKS.extend(Check(name=name, question=asked, given=row, only=only) for row in rows)
        return asked

    return marked(question) if question else marked


def each(names: str | tuple[str, ...], values: Iterable[Any]) -> Callable[[_Question], _Question]:
    """Ask once for each of `values`: of several arguments when there are several names."""
    rows = [(value,) if isinstance(names, str) else tuple(value) for value in values]

    def marked(asked: _Question) -> _Question:
        asked._given = rows  # type: ignore[attr-defined]  # noqa: SLF001 — read by `check`, above
        return asked

    return marked


def checks() -> list[Check]:
    """All of them, module by module."""
    for module in iter_modules(review.checks.__path__):
        import_module(f"review.checks.{module.name}")
    return list(_CHECKS)
