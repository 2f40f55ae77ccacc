"""Step Functions: what MiniStack gets wrong of a state machine and its executions."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.provisioning import flag

OFF = {"level": "OFF", "includeExecutionData": False}


def install() -> None:
    provisioning.after("AWS::StepFunctions::StateMachine", _apply)
    stepfunctions._apply_output_path = _with_succeed_output(stepfunctions._apply_output_path)
    stepfunctions._start_execution = _repeatable(stepfunctions._start_execution)
    stepfunctions._describe_execution = _without_failed_output(stepfunctions._describe_execution)


def _apply(arn: str, properties: dict[str, Any]) -> None:
    """MiniStack keeps the logging properties as the template spells them, so that
    DescribeStateMachine shows none, and drops the tracing ones.
    """
    machine = stepfunctions._state_machines[arn]
    if logging := properties.get("LoggingConfiguration"):
        shown = OFF | _as_in_api(logging)
        machine["loggingConfiguration"] = shown | {
            "includeExecutionData": flag(shown["includeExecutionData"])
        }
    traced = (properties.get("TracingConfiguration") or {}).get("Enabled")
    machine["tracingConfiguration"] = {"enabled": flag(traced)}


def _as_in_api(value: Any) -> Any:
    """Templates begin member names with a capital, the API does not."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _as_in_api(member) for name, member in value.items()}
    return [_as_in_api(each) for each in value] if isinstance(value, list) else value


def _with_succeed_output(output_path: Callable[..., Any]) -> Callable[..., Any]:
    """MiniStack ignores the Output of a JSONata Succeed state.
    https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
    """

    def output(state: dict[str, Any], given: Any, context: Any = None) -> Any:
        jsonata = stepfunctions._state_query_language(state, context) == "JSONata"
        if jsonata and state.get("Type") == "Succeed":
            return stepfunctions._apply_jsonata_output(state, given, context, default=given)
        return output_path(state, given, context)

    return output


def _repeatable(
    start: Callable[[dict[str, Any]], Response],
) -> Callable[[dict[str, Any]], Response]:
    """Starting a running execution again, with the same input, answers with that execution.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """

    def start_or_find(request: dict[str, Any]) -> Response:
        status, headers, body = start(request)
        if json.loads(body).get("__type") != "ExecutionAlreadyExists":
            return status, headers, body
        for execution in stepfunctions._executions.values():
            same = (execution["stateMachineArn"], execution["name"], execution["input"]) == (
                request["stateMachineArn"],
                request["name"],
                request.get("input", "{}"),
            )
            if same and execution["status"] == "RUNNING":
                kept = ("executionArn", "startDate")
                found: Response = json_response({name: execution[name] for name in kept})
                return found
        return status, headers, body

    return start_or_find


def _without_failed_output(
    describe: Callable[[dict[str, Any]], Response],
) -> Callable[[dict[str, Any]], Response]:
    """An execution that did not succeed has no output; MiniStack repeats the error there."""

    def describe_honestly(request: dict[str, Any]) -> Response:
        status, headers, body = describe(request)
        document = json.loads(body)
        if document.get("status") in ("FAILED", "TIMED_OUT", "ABORTED"):
            for name in ("output", "outputDetails"):
                document.pop(name, None)
        return status, headers, json.dumps(document).encode()

    return describe_honestly
