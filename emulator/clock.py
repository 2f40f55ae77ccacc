"""The emulator's clock: the machine's, and as much further as it has been set forward.

What AWS lets one wait for (a name that is free again, a role that is usable) is measured by it, so that a
test need not wait.
"""

import threading
import time


class Clock:
    def __init__(self) -> None:
        self._ahead = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Raises ValueError: it never goes back."""
        if not seconds >= 0:
            raise ValueError(f"the clock goes forward only; {seconds} is below zero")
        with self._lock:
            self._ahead += seconds
