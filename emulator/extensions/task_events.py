"""Step Functions: what a task's events say of it. MiniStack leaves out what the task was given, which AWS always
says, a callback's token included: a run whose row was lost finds its token there.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskScheduledEventDetails.html
"""

import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import stepfunctions

_SCHEDULED, _DETAILS = "TaskScheduled", "taskScheduledEventDetails"
_GIVEN = threading.local()


def install() -> None:
    for name in ("_apply_jsonata_arguments", "_apply_parameters"):
        setattr(stepfunctions, name, _remembering(getattr(stepfunctions, name)))
    stepfunctions._add_event = _with_parameters(stepfunctions._add_event)


def _remembering(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """A task's event is added right after its arguments were evaluated, by the same thread."""

    def evaluate_and_remember(*arguments: Any) -> Any:
        _GIVEN.arguments = evaluate(*arguments)
        return _GIVEN.arguments

    return evaluate_and_remember


def _with_parameters(add: Callable[..., Any]) -> Callable[..., Any]:
    def add_with_parameters(
        execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None
    ) -> Any:
        if kind == _SCHEDULED and details:
            of_task = details[_DETAILS]
            said = {"parameters": json.dumps(_GIVEN.arguments), "region": get_region()}
            details = {**details, _DETAILS: {**of_task, **said}}
        return add(execution, kind, details)

    return add_with_parameters
