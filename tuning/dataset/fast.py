"""Accepts sound lines in C. What it does not accept is not wrong: the exact way decides."""

from collections.abc import Callable

from tuning.catalog import Method

Sound = tuple[bytes, bytes, int, frozenset[str]]
"""Prompt, answer, characters, optional parts."""
Accepter = Callable[[bytes], Sound | None]


def accepter(method: Method) -> Accepter:
    return lambda _line: None
