"""Step Functions: tasks that wait for an answer.

MiniStack takes `TimeoutSeconds` of such a task as a number only, and does not scale it as it scales
waits. https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html

And it authorizes an answer on no resource, where AWS does so on the state machine whose task waits.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
"""

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions
from ministack.services import stepfunctions

from emulator.extensions.patching import Theirs, patch

CALLBACK = ".waitForTaskToken"
_MACHINE: ContextVar[str] = ContextVar("machine", default="*")
"""Of the execution whose task is being begun."""
_machines: dict[str, str] = {}
"""The state machine of each task, by its token; also after the task has ended, for a late answer
needs the same permission."""


def machine_of(token: str) -> str:
    """The ARN of the state machine whose task waits, or waited, with that token; `*` when none did."""
    return _machines.get(token, "*")


def install() -> None:
    patch(stepfunctions, "_execute_task", _execute_in_time)
    patch(stepfunctions, "_execute_task", _execute_for_its_machine)
    patch(stepfunctions, "_invoke_with_callback", _invoke_and_remember)
    patch(iam_actions, "extract_resource_arn", _find_by_token)


def _execute_in_time(
    execute: Theirs[Any], state: dict[str, Any], given: Any, execution: dict[str, Any], context: Any
) -> Any:
    if CALLBACK in state.get("Resource", "") and "TimeoutSeconds" in state:
        seconds = stepfunctions._apply_jsonata_template(state["TimeoutSeconds"], given, context)
        state = {**state, "TimeoutSeconds": seconds * stepfunctions._SFN_WAIT_SCALE}
    return execute(state, given, execution, context)


def _execute_for_its_machine(
    execute: Theirs[Any], state: dict[str, Any], given: Any, execution: dict[str, Any], context: Any
) -> Any:
    before = _MACHINE.set(machine_behind(execution))
    try:
        return execute(state, given, execution, context)
    finally:
        _MACHINE.reset(before)


def machine_behind(execution: dict[str, Any]) -> str:
    """A child of a distributed map names its map behind its machine."""
    return str(execution.get("stateMachineArn", "*")).partition("/")[0]


def _invoke_and_remember(
    invoke: Theirs[Any], resource: str, given: Any, token: str, state: Any
) -> Any:
    _machines[token] = _MACHINE.get()
    return invoke(resource, given, token, state)


def _find_by_token(
    resource_of: Theirs[str],
    service: str,
    method: str,
    path: str,
    headers: Any,
    body: Any,
    *more: Any,
) -> str:
    found = resource_of(service, method, path, headers, body, *more)
    if service not in ("states", "stepfunctions"):
        return found
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return found
    token = asked.get("taskToken") if isinstance(asked, dict) else None
    return _machines.get(token, found) if isinstance(token, str) else found
