"""Lambda's event source mappings: what becomes of a message while its batch is at work, and after.

MiniStack lets a message be received again once its visibility timeout is over, though the function
still works at it; with a short timeout several batches hold one message at once, and one that is
received often enough goes to the dead-letter queue while it succeeds. AWS has it otherwise: a mapping
is refused when the queue's timeout is shorter than the function's, so that no batch outlives it.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html

Here a message is held until its batch has ended. What failed comes again after the queue's timeout,
which is scaled as the waits of Step Functions are. A batch whose invocation was throttled is tried again, by the same
receive, until that timeout is over: not scaled, for what it waits for is functions at work, and they are not either.
MiniStack gives it back at once, and a message that is received often enough so is a dead letter that no function saw.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy
"""

import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ministack.services import lambda_svc, sqs, stepfunctions

from emulator.extensions.patching import Theirs, patch

NEVER = float("inf")
_RETRY_SECONDS = 0.05
_Message = dict[str, Any]
_UNTIL: contextvars.ContextVar[float] = contextvars.ContextVar(
    "until when what is throttled is tried", default=0
)


def install() -> None:
    patch(sqs, "_receive_messages_for_esm", _receive_and_hold)
    patch(lambda_svc, "_run_sqs_batch", _run_and_let_go)
    patch(lambda_svc, "_execute_function", _execute_when_there_is_room)


@contextmanager
def tried_for(seconds: float) -> Iterator[None]:
    """Invocations that are throttled in here, or in threads that are started with this context, are tried again."""
    token = _UNTIL.set(time.time() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def _receive_and_hold(receive: Theirs[list[_Message]], *arguments: Any) -> list[_Message]:
    batch = receive(*arguments)
    for message in batch:
        message["visible_at"] = NEVER
    return batch


def _run_and_let_go(
    run: Theirs[None],
    mapping: Any,
    function: Any,
    event: Any,
    batch: list[_Message],
    url: str,
    name: str,
) -> None:
    queue = sqs._queues.get(url)
    timeout = int(queue["attributes"]["VisibilityTimeout"]) if queue else 0
    try:
        with tried_for(timeout):
            run(mapping, function, event, batch, url, name)
    finally:
        if queue:
            again = time.time() + timeout * stepfunctions._SFN_WAIT_SCALE
            for message in batch:  # those that succeeded are in no queue any more
                message["visible_at"] = again


def _execute_when_there_is_room(
    execute: Theirs[dict[str, Any]], *arguments: Any, **named: Any
) -> dict[str, Any]:
    while True:
        result = execute(*arguments, **named)
        if not result.get("throttle") or time.time() >= _UNTIL.get():
            return result
        time.sleep(_RETRY_SECONDS)
