"""Asking again and again, for a person who waits."""

import time
from collections.abc import Iterator


def polls(every: float) -> Iterator[float]:
    """The seconds since the first, again and again: at once, and then after each pause of `every` seconds."""
    begin = time.monotonic()
    while True:
        yield time.monotonic() - begin
        time.sleep(every)
