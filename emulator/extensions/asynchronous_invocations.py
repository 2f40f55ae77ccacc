"""Lambda: events that a function is given without anybody waiting, by `Event` invocations and EventBridge's rules.

A throttled one stays in Lambda's own queue for up to six hours, and is none of the two retries that an error has.
MiniStack counts it as one, and puts the event among the dead letters seconds later; what a rule sends to a function
it tries once, and drops.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchevents.html
"""

import json
from typing import Any

from ministack.services import eventbridge, lambda_svc

from emulator.extensions import event_sources
from emulator.extensions.patching import Theirs, patch

_LONGEST_SECONDS = 6 * 3600
"""The maximum age of an event, unless the function has one of its own."""


def install() -> None:
    patch(lambda_svc, "invoke_async_with_retry", _invoke_when_there_is_room)
    eventbridge._dispatch_to_lambda = _send


def _invoke_when_there_is_room(invoke: Theirs[None], function: dict[str, Any], event: Any) -> None:
    """MiniStack starts a thread with a copy of this context."""
    settings = function.get("event_invoke_config") or {}
    with event_sources.tried_for(settings.get("MaximumEventAgeInSeconds", _LONGEST_SECONDS)):
        invoke(function, event)


def _send(arn: str, payload: str) -> None:
    """The target of a rule. One that is gone gets nothing, as in MiniStack."""
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if function and config:
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))
