"""Step Functions: tracing, which MiniStack accepts and forgets."""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from emulator.extensions import provisioning
def install() -> None: ...
