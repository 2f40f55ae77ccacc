"""Step Functions: the time that a task waits for its answer.

MiniStack takes `TimeoutSeconds` of such a task as a number only, and does not scale it as it scales
waits. https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

CALLBACK = ".waitForTaskToken"


def install() -> None:
    stepfunctions._execute_task = _with_timeout(stepfunctions._execute_task)


def _with_timeout(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_in_time(
        state: dict[str, Any], given: Any, execution: dict[str, Any], context: Any
    ) -> Any:
        if CALLBACK in state.get("Resource", "") and "TimeoutSeconds" in state:
            seconds = stepfunctions._apply_jsonata_template(state["TimeoutSeconds"], given, context)
            state = {**state, "TimeoutSeconds": seconds * stepfunctions._SFN_WAIT_SCALE}
        return execute(state, given, execution, context)

    return execute_in_time
