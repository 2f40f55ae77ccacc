"""Virtual time and tasks that take turns: one thing happens at a time, in an order that is given."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet

START = datetime(2026, 11, 23, 7, tzinfo=UTC)


@dataclass
class Clockwork:
    seconds: float = 0
    """Since START."""
    _due: list[tuple[float, int, Any]] = field(default_factory=list)
    _order: int = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def spawn(self, work: Callable[[], None], *, after: float = 0) -> None:
        self._wake(greenlet(work), after)

    def sleep(self, seconds: float) -> None:
        """Let everything that is due before then happen."""
        self._wake(getcurrent(), seconds)
        self._hub.switch()

    def wait(self, promise: "Promise") -> Any:
        if not promise.kept:
            promise.waiting = getcurrent()
            self._hub.switch()
        return promise.value

    def keep(self, promise: "Promise", value: Any) -> None:
        """The first answer counts; anyone who waits for it is woken."""
        if promise.kept:
            return
        promise.kept, promise.value = True, value
        if promise.waiting is not None:
            self._wake(promise.waiting, 0)

    def run(self, *, until: float = float("inf")) -> None:
        """Until nothing is due any more, or that moment is reached."""
        self._hub = getcurrent()
        while self._due and self._due[0][0] <= until:
            self.seconds, _, task = heapq.heappop(self._due)
            task.parent = self._hub
            task.switch()

    def _wake(self, task: Any, seconds: float) -> None:
        self._order += 1
        heapq.heappush(self._due, (self.seconds + seconds, self._order, task))


@dataclass(eq=False)
class Promise:
    """An answer that somebody waits for."""

    kept: bool = False
    value: Any = None
    waiting: Any = None
