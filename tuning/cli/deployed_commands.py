"""The commands that speak to AWS; `tuning/__main__.py` adds them to its own."""

from collections.abc import Callable
from typing import Any

from tuning.cli.answer_commands import approve, reject
from tuning.cli.rebuild_command import rebuild
from tuning.cli.redrive_command import redrive
from tuning.cli.retrain_command import retrain
from tuning.cli.runs_command import runs
from tuning.cli.show_command import show
from tuning.cli.stop_command import stop
from tuning.cli.watch_command import watch

COMMANDS: tuple[Callable[..., Any], ...] = (
    runs,
    show,
    watch,
    stop,
    retrain,
    redrive,
    rebuild,
    approve,
    reject,
)
