"""Step Functions: how a step is tried again."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import stepfunctions

THROTTLED = "TooManyRequestsException"
_Found = tuple[dict[str, Any] | None, int]


def install() -> None:
    stepfunctions._call_lambda = _naming_throttles(stepfunctions._call_lambda)
    stepfunctions._find_matching_retrier = _pacing(stepfunctions._find_matching_retrier)


def _naming_throttles(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is at its reserved concurrency is `Lambda.TooManyRequestsException`.

    MiniStack says `Lambda.Unknown`, so that a machine tries again as often as it does after a fault.
    https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
    """

    def call_and_name(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except stepfunctions._ExecutionError as error:
            if error.error == "Lambda.Unknown" and f'"{THROTTLED}"' in error.cause:
                said = json.loads(error.cause)["message"]
                raise stepfunctions._ExecutionError(f"Lambda.{THROTTLED}", said) from None
            raise

    return call_and_name


def _pacing(find: Callable[..., _Found]) -> Callable[..., _Found]:
    """Waits as the retrier says, before MiniStack would: it leaves out MaxDelaySeconds and the
    jitter, and never waits for more than a minute.
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def find_and_wait(
        retriers: Sequence[dict[str, Any]], error: str, counts: Mapping[int, int]
    ) -> _Found:
        found, index = find(retriers, error, counts)
        if found is None:
            return None, index
        stepfunctions._scaled_sleep(_delay(found, counts.get(index, 0)))
        return {**found, "IntervalSeconds": 0}, index

    return find_and_wait


def _delay(retrier: Mapping[str, Any], retries: int) -> float:
    delay = float(retrier.get("IntervalSeconds", 1))
    delay *= float(retrier.get("BackoffRate", 2.0)) ** retries
    delay = min(delay, float(retrier.get("MaxDelaySeconds", delay)))
    full = retrier.get("JitterStrategy") == "FULL"
    return random.uniform(0, delay) if full else delay  # noqa: S311 -- spreads, and hides nothing
