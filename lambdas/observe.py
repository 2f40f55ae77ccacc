"""Logs and metrics of every handler: JSON, without dataset text, one correlation id a run."""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from tuning.aws.transient import as_transient

logger = Logger(log_uncaught_exceptions=False)
metrics = Metrics()

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
        if import_id := event.get("import_id"):
            logger.append_keys(import_id=import_id)
        metrics.set_default_dimensions(environment=os.environ.get("ENVIRONMENT", "none"))
        try:
            with as_transient():
                return handler(event, context)
        finally:
            # `log_metrics` would warn, in a line that is not JSON, of every call without a metric.
            if metrics.provider.metric_set:
                metrics.flush_metrics()

    return invoke
