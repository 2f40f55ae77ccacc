"""Step Functions: what a task's events say of it. MiniStack leaves out what the task was given, which AWS always
says, a callback's token included: a run whose row was lost finds its token there.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskScheduledEventDetails.html
"""

import json
import threading
from typing import Any

from ministack.core.responses import get_region
from ministack.services import stepfunctions

from emulator.extensions.patching import Theirs, patch

_SCHEDULED, _DETAILS = "TaskScheduled", "taskScheduledEventDetails"
_GIVEN = threading.local()


def install() -> None:
    for name in ("_apply_jsonata_arguments", "_apply_parameters"):
        patch(stepfunctions, name, _evaluate_and_remember)
    patch(stepfunctions, "_add_event", _add_with_parameters)


def _evaluate_and_remember(evaluate: Theirs[Any], *arguments: Any) -> Any:
    """A task's event is added right after its arguments were evaluated, by the same thread."""
    _GIVEN.arguments = evaluate(*arguments)
    return _GIVEN.arguments


def _add_with_parameters(
    add: Theirs[Any], execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None
) -> Any:
    if kind == _SCHEDULED and details:
        of_task = details[_DETAILS]
        said = {"parameters": json.dumps(_GIVEN.arguments), "region": get_region()}
        details = {**details, _DETAILS: {**of_task, **said}}
    return add(execution, kind, details)
