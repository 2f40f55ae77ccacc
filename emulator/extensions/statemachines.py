"""Step Functions: what MiniStack gets wrong of a state machine and its executions."""

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import stepfunctions

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import as_in_api, flag

OFF = {"level": "OFF", "includeExecutionData": False}


def install() -> None:
    provisioning.after("AWS::StepFunctions::StateMachine", _apply)
    patch(stepfunctions, "_apply_output_path", _apply_output)
    patch(stepfunctions, "_start_execution", _start_or_find)
    patch(stepfunctions, "_describe_execution", _describe_honestly)


def _apply(arn: str, properties: dict[str, Any]) -> None:
    """MiniStack keeps the logging properties as the template spells them, so that
    DescribeStateMachine shows none, and drops the tracing ones.
    """
    machine = stepfunctions._state_machines[arn]
    if logging := properties.get("LoggingConfiguration"):
        shown = OFF | as_in_api(logging)
        machine["loggingConfiguration"] = shown | {
            "includeExecutionData": flag(shown["includeExecutionData"])
        }
    traced = (properties.get("TracingConfiguration") or {}).get("Enabled")
    machine["tracingConfiguration"] = {"enabled": flag(traced)}


def _apply_output(
    output_path: Theirs[Any], state: dict[str, Any], given: Any, context: Any = None
) -> Any:
    """MiniStack ignores the Output of a JSONata Succeed state.
    https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
    """
    jsonata = stepfunctions._state_query_language(state, context) == "JSONata"
    if jsonata and state.get("Type") == "Succeed":
        return stepfunctions._apply_jsonata_output(state, given, context, default=given)
    return output_path(state, given, context)


def _start_or_find(start: Theirs[Response], request: dict[str, Any]) -> Response:
    """Starting a running execution again, with the same input, answers with that execution.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
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


def _describe_honestly(describe: Theirs[Response], request: dict[str, Any]) -> Response:
    """An execution that did not succeed has no output; MiniStack repeats the error there."""
    status, headers, body = describe(request)
    document = json.loads(body)
    if document.get("status") in ("FAILED", "TIMED_OUT", "ABORTED"):
        for name in ("output", "outputDetails"):
            document.pop(name, None)
    return status, headers, json.dumps(document).encode()
