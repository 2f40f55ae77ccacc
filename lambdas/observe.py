"""Logs and metrics of every door: JSON, without dataset text, one correlation id a run."""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 — botocore's, of which a connect timeout is one
    HTTPClientError,
    IncompleteReadError,
)

# Codes that pass by themselves, beside HTTP 429 and 5xx. botocore has retried them before.
_PASSING = frozenset(
    {
        "ConditionalRequestConflict",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
    }
)

logger = Logger(log_uncaught_exceptions=False)
metrics = Metrics()


class Transient(Exception):  # noqa: N818 — the state machine knows it by this name
    """A fault of AWS or the network that passes; the state machine tries the step again."""


Handler = Callable[[dict[str, Any], Any], Any]


def observed(handler: Handler) -> Handler:
    """Log with the run's id and flush metrics, each of this environment: an account may have two. The
    event itself is never logged.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def invoke(event: dict[str, Any], context: Any) -> Any:
        if isinstance(run := event.get("run"), dict):
            logger.append_keys(run=run.get("id"), recipe=run.get("recipe", {}).get("name"))
        metrics.set_default_dimensions(environment=os.environ.get("ENVIRONMENT", "none"))
        try:
            return handler(event, context)
        except (HTTPClientError, ConnectionError, IncompleteReadError) as error:
            raise Transient(str(error)) from error
        except ClientError as error:
            if passes(error):
                raise Transient(str(error)) from error
            raise
        finally:
            # `log_metrics` would warn, in a line that is no JSON, of every call without a metric.
            if metrics.provider.metric_set:
                metrics.flush_metrics()

    return invoke


def passes(error: ClientError) -> bool:
    """Whether the same call may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code")
    return code in _PASSING or status in (429, 408) or status >= 500  # noqa: PLR2004 — HTTP
