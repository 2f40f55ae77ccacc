"""The commands that speak to AWS; `tuning/__main__.py` adds them to its own."""

from collections.abc import Callable
from typing import Any

COMMANDS: tuple[Callable[..., Any], ...] = ()
