"""EventBridge: at least once means twice now and then, and best effort means never.

Every target may get an event twice; events of Bedrock may be lost.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge.html
"""

import random
import threading
from typing import Any

from ministack.services import eventbridge

from emulator.extensions.patching import Theirs, patch

TWICE, LOST = 0.25, 0.25
BEST_EFFORT = frozenset({"aws.bedrock"})


def install(seed: int) -> None:
    """The same seed gives the same fate to the nth delivery from a source."""
    patch(eventbridge, "_invoke_target", _invoke_as_often, Fates(seed))


class Fates:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: dict[str, random.Random] = {}
        self._lock = threading.Lock()

    def draw(self, source: str) -> int:
        """How often the next event of a source is delivered."""
        with self._lock:
            drawn = self._drawn.setdefault(source, random.Random(f"{self._seed}/{source}"))  # noqa: S311 -- a fault, not a secret
            lot = drawn.random()
        if lot < TWICE:
            return 2
        return 0 if source in BEST_EFFORT and lot < TWICE + LOST else 1


def _invoke_as_often(
    invoke: Theirs[None], fates: Fates, target: Any, event: dict[str, Any], *more: Any
) -> None:
    for _ in range(fates.draw(str(event.get("Source", "")))):
        invoke(target, event, *more)
