"""Step Functions: a map whose items are executions of their own, which MiniStack runs for JSONPath only.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.execution_limits import PAYLOAD
from emulator.extensions.patching import Theirs, patch

_KINDS = ("STANDARD", "EXPRESS")
_NUMBERS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")
_KEPT = ("Type", "Label", "Next", "End")
_Definition = dict[str, Any]


def install() -> None:
    patch(stepfunctions, "_run_distributed_map", _run_map)
    patch(stepfunctions, "_run_sub_machine", _run_apart)
    for name in ("_create_state_machine", "_update_state_machine"):
        patch(stepfunctions, name, _change_if_sound)
    provisioning.before("AWS::StepFunctions::StateMachine", _check)


def _run_map(
    run: Theirs[Any],
    state: _Definition,
    given: Any,
    effective: Any,
    iterator: Any,
    execution: _Definition,
    context: _Definition,
) -> Any:
    alone = {**context, "variables": {}}
    if stepfunctions._state_query_language(state, context) != "JSONata":
        return run(state, given, effective, iterator, execution, alone)
    if "ItemReader" in state:
        why = "The emulator's distributed maps read no ItemReader in JSONata"
        raise stepfunctions._ExecutionError("States.Runtime", why)
    items = _field(state, "Items", "array", given, context) if "Items" in state else given
    plain = {name: state[name] for name in _KEPT if name in state}
    plain |= {
        name: _field(state, name, "number", given, context) for name in _NUMBERS if name in state
    }
    chosen = [_chosen(state, given, context, at, each) for at, each in enumerate(_several(items))]
    results, following = run(plain, given, chosen, iterator, execution, alone)
    # Without a ResultWriter they are one array, discarded or not.
    _check_payload("result", results)
    output = stepfunctions._apply_jsonata_output(
        state, given, context, result=results, default=results
    )
    stepfunctions._apply_state_assign(state, given, context, result=results)
    return output, following


def _field(state: _Definition, name: str, kind: str, given: Any, context: _Definition) -> Any:
    return stepfunctions._jsonata_state_field(state, name, kind, given, context)


def _several(items: Any) -> list[Any]:
    return items if isinstance(items, list) else [items]


def _chosen(state: _Definition, given: Any, context: _Definition, at: int, item: Any) -> Any:
    """What a child is given."""
    if "ItemSelector" not in state:
        return item
    about = copy.deepcopy(context) | {"Map": {"Item": {"Index": at, "Value": item}}}
    return stepfunctions._apply_jsonata_template(state["ItemSelector"], given, about)


def _run_apart(
    run: Theirs[Any],
    states: Any,
    start: Any,
    given: Any,
    execution: _Definition,
    context: _Definition,
) -> Any:
    """A child is an execution: it sees itself in the context object, none of its parent's variables, and
    its payload has a size. That it sees nothing of `Map` either is INFERRED.
    """
    own = execution["executionArn"]
    if "mapRunArn" not in execution or context["Execution"]["Id"] == own:
        return run(states, start, given, execution, context)
    parent = stepfunctions._executions[
        stepfunctions._map_runs[execution["mapRunArn"]]["executionArn"]
    ]
    if parent["status"] != "RUNNING":
        raise stepfunctions._ExecutionError("States.Runtime", "The map run was stopped")
    _check_payload("input", given)
    about = {
        "Id": own,
        "Input": given,
        "Name": execution["name"],
        "StartTime": execution["startDate"],
    }
    changed = {"variables": {}, "Execution": {**context["Execution"], **about}}
    child = {name: value for name, value in context.items() if name != "Map"} | changed
    output = run(states, start, given, execution, child)
    _check_payload("output", output)
    return output


def _check_payload(what: str, value: Any) -> None:
    if len(json.dumps(value).encode()) > PAYLOAD:
        raise stepfunctions._ExecutionError(
            "States.DataLimitExceeded",
            f"The {what} has a size exceeding the maximum number of bytes service limit.",
        )


def _change_if_sound(change: Theirs[Response], asked: _Definition) -> Response:
    known = stepfunctions._state_machines.get(asked.get("stateMachineArn", "")) or {}
    kind = asked.get("type") or known.get("type", _KINDS[0])
    if why := _unsound(asked.get("definition"), kind):
        refused: Response = error_response_json("InvalidDefinition", why, 400)
        return refused
    return change(asked)


def _check(properties: provisioning.Properties) -> None:
    """Of a template. Raises ValueError."""
    definition = properties.get("DefinitionString") or properties.get("Definition")
    if why := _unsound(definition, properties.get("StateMachineType", _KINDS[0])):
        raise ValueError(why)


def _unsound(definition: Any, kind: str) -> str | None:
    """The texts are UNCONFIRMED."""
    try:
        read = json.loads(definition) if isinstance(definition, str) else definition
    except ValueError:
        return None  # MiniStack refuses it
    for processor in _processors(read):
        configured = processor.get("ProcessorConfig") or {}
        if configured.get("Mode") != "DISTRIBUTED":
            continue
        if configured.get("ExecutionType") not in _KINDS:
            return f"A DISTRIBUTED ItemProcessor needs an ExecutionType of {_KINDS}"
        if kind == "EXPRESS":
            return "A Map state in DISTRIBUTED mode is not supported in an EXPRESS workflow"
    return None


def _processors(node: Any) -> Iterator[_Definition]:
    if isinstance(node, list):
        for each in node:
            yield from _processors(each)
    elif isinstance(node, dict):
        if isinstance(node.get("ItemProcessor"), dict):
            yield node["ItemProcessor"]
        for each in node.values():
            yield from _processors(each)
