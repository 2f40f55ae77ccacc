"""The commands that speak to AWS; `tuning/__main__.py` adds them to its own."""

from collections.abc import Callable
from typing import Any

from operate.answers import approve, reject
from operate.rebuild import rebuild
from operate.redrive import redrive
from operate.runs import runs
from operate.show import show
from operate.stop import stop
from operate.watch import watch

COMMANDS: tuple[Callable[..., Any], ...] = (
    runs,
    show,
    watch,
    stop,
    redrive,
    rebuild,
    approve,
    reject,
)
