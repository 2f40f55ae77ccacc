"""Step Functions: how a step is tried again."""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import stepfunctions

from emulator.extensions.patching import Theirs, patch

THROTTLED = "TooManyRequestsException"
_Found = tuple[dict[str, Any] | None, int]


def install() -> None:
    patch(stepfunctions, "_call_lambda", _call_and_name)
    patch(stepfunctions, "_find_matching_retrier", _find_and_wait)


def _call_and_name(call: Theirs[Any], *arguments: Any) -> Any:
    """A function that is at its reserved concurrency is `Lambda.TooManyRequestsException`.

    MiniStack says `Lambda.Unknown`, so that a machine tries again as often as it does after a fault.
    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
    """
    try:
        return call(*arguments)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and f'"{THROTTLED}"' in error.cause:
            said = json.loads(error.cause)["message"]
            raise stepfunctions._ExecutionError(f"Lambda.{THROTTLED}", said) from None
        raise


def _find_and_wait(
    find: Theirs[_Found], retriers: Sequence[dict[str, Any]], error: str, counts: Mapping[int, int]
) -> _Found:
    """Waits as the retrier says, before MiniStack would: it leaves out MaxDelaySeconds and the
    jitter, and never waits for more than a minute.
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    found, index = find(retriers, error, counts)
    if found is None:
        return None, index
    stepfunctions._scaled_sleep(_delay(found, counts.get(index, 0)))
    return {**found, "IntervalSeconds": 0}, index


def _delay(retrier: Mapping[str, Any], retries: int) -> float:
    delay = float(retrier.get("IntervalSeconds", 1))
    delay *= float(retrier.get("BackoffRate", 2.0)) ** retries
    delay = min(delay, float(retrier.get("MaxDelaySeconds", delay)))
    full = retrier.get("JitterStrategy") == "FULL"
    return random.uniform(0, delay) if full else delay  # noqa: S311 -- spreads, and hides nothing
