"""Waiting for a condition: given up after so many polls that saw no progress, not after a time.

A poll asks the same machine that does the work, so on a busy one both take longer.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

POLLS = 900


@contextmanager
def tried_five_times(sqs: Any, queue: str) -> Iterator[None]:
    """Messages of `queue`, in place of forty times."""
    asked = {"QueueUrl": queue, "AttributeNames": ["RedrivePolicy"]}
    policy = sqs.get_queue_attributes(**asked)["Attributes"]["RedrivePolicy"]
    few = json.dumps({**json.loads(policy), "maxReceiveCount": 5})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": few})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def until(
    condition: Callable[[], Any],
    what: str,
    *,
    every: float = 0.1,
    polls: int = POLLS,
    progress: Callable[[], Any] = lambda: None,
) -> Any:
    """What `condition` returns once it is true, asked `every` so many seconds. Fails when `polls` in a row
    found it false, and `progress` the same.
    """
    left, seen = polls, progress()
    while not (result := condition()):
        left, before, seen = left - 1, seen, progress()
        if seen != before:
            left = polls
        assert left, f"waited for {what}: {polls} polls saw no progress from {seen!r}"
        time.sleep(every)
    return result
