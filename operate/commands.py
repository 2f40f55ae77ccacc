"""The commands that speak to AWS; `tuning/__main__.py` adds them to its own."""

from collections.abc import Callable
from typing import Any

from operate.answers import approve, reject
from operate.rebuild import rebuild
from operate.redrive import redrive
from operate.runs import runs
from operate.stop import stop

COMMANDS: tuple[Callable[..., Any], ...] = (runs, stop, redrive, rebuild, approve, reject)
