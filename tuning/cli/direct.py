"""Reads plain arguments by a command's own signature, without typer's machinery.

Typer validates by pydantic, whose import takes longer than a check of 50 MB. What is not plain (help,
completion, an unknown or malformed option) is left to typer, which has the words for it.
"""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

_PLAIN = (str, int, Path)


class _NotPlainError(Exception):
    """Typer must judge."""


def arguments(command: Callable[..., Any], words: Sequence[str]) -> dict[str, Any] | None:
    """The keyword arguments that the words stand for, or None when typer must judge."""
    try:
        return _Reader(command).read(words)
    except _NotPlainError:
        return None


class _Reader:
    def __init__(self, command: Callable[..., Any]) -> None:
        self.options: dict[str, tuple[str, Any, Any]] = {}
        """By spelling: the parameter's name, its type and what typer was told of it."""
        self.places: list[tuple[str, Any, Any]] = []
        self.given: dict[str, Any] = {}
        for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
            kind, told = get_args(parameter.annotation)[:2]
            plain = [one for one in get_args(kind) if one is not type(None)] or [kind]
            entry = (name, plain[0] if get_origin(kind) is not list else kind, told)
            if isinstance(told, ArgumentInfo):
                self.places.append(entry)
            elif isinstance(told, OptionInfo):
                told_first = (told.default, *(told.param_decls or ()))  # typer sorts them out later
                spelt = [one for one in told_first if isinstance(one, str)]
                for spelling in spelt or (f"--{name.replace('_', '-')}",):
                    self.options[spelling] = entry
            if parameter.default is not parameter.empty:
                self.given[name] = parameter.default

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        rest, places = list(words), list(self.places)
        while rest:
            word = rest.pop(0)
            if not word.startswith("-"):
                entry, value = _first(places), word
            else:
                spelling, equals, value = word.partition("=")
                if spelling not in self.options:
                    raise _NotPlainError
                entry = self.options[spelling]
                value = value if equals else _first(rest)
            self._take(entry, value)
        if places:
            raise _NotPlainError
        return self.given

    def _take(self, entry: tuple[str, Any, Any], word: str) -> None:
        name, kind, told = entry
        if kind == list[str]:
            self.given[name] = [*(self.given[name] or ()), word]
            return
        if kind not in _PLAIN:
            raise _NotPlainError
        try:
            value = kind(word)
        except ValueError:
            raise _NotPlainError from None
        least = getattr(told, "min", None)
        if least is not None and value < least:
            raise _NotPlainError
        self.given[name] = value


def _first(left: list[Any]) -> Any:
    if not left:
        raise _NotPlainError
    return left.pop(0)
