"""Reads the options of `tuning check` by its signature, without typer's machinery.

Typer validates by pydantic, whose import takes longer than a check of 50 MB. What is not plain (help, an unknown
or malformed option) is left to typer, which has the words for it.
"""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, get_args

_PLAIN = (str, int, Path)
SPELT = {"output": "--format"}
LEAST = {"jobs": 0, "max_findings": 0, "max_unpacked_mb": 1}
"""What `check_command` declares to typer of these; a test compares."""


def arguments(command: Callable[..., Any], words: Sequence[str]) -> dict[str, Any] | None:
    """The arguments that the words stand for, or None when typer must judge.

    Parameters that are for keywords only are options, the others places.
    """
    places: list[tuple[str, Any]] = []
    options: dict[str, tuple[str, Any]] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            spelling = SPELT.get(name, f"--{name.replace('_', '-')}")
            options[spelling] = (name, parameter.annotation)
        else:
            places.append((name, parameter.annotation))
    given: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            rest.insert(0, word)
            entry = places.pop(0) if places else None
        else:
            spelling, equals, value = word.partition("=")
            entry = options.get(spelling)
            if equals:
                rest.insert(0, value)
        if entry is None or not rest or not _taken(given, *entry, rest.pop(0)):
            return None
    return None if places else given


def _taken(given: dict[str, Any], name: str, kind: Any, word: str) -> bool:
    """Whether a word is plainly of the kind; then it is among what was given."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if list[str] in kinds:
        given.setdefault(name, []).append(word)
        return True
    if kinds[0] not in _PLAIN:
        return False
    try:
        given[name] = kinds[0](word)
    except ValueError:
        return False
    return name not in LEAST or given[name] >= LEAST[name]
