"""IAM: what services do in the name of a role, which MiniStack does as the account's root.

Held to the role's policies and recorded: the tasks of a state machine, the queue that Lambda reads
for a function, and the lines that it writes for one.
"""

import contextvars
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, sqs, stepfunctions

from emulator.extensions import key_use
from emulator.extensions.callbacks import CALLBACK, machine_behind, machine_of
from emulator.extensions.item_conditions import keys_of
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.roles import MiniStackRoles

_MACHINE_ROLE: contextvars.ContextVar[str] = contextvars.ContextVar("machine role")

Subject = tuple[str, str]
"""An action and its resource."""


def install(roles: MiniStackRoles) -> None:
    patch(stepfunctions, "_execute_task", _execute_as)
    patch(stepfunctions, "_run_distributed_map", _run_if_allowed, roles)
    for name in ("_invoke_resource", "_invoke_with_callback"):
        patch(stepfunctions, name, _invoke_if_allowed, roles)
    for name, action, otherwise in (
        ("_receive_messages_for_esm", "sqs:ReceiveMessage", []),
        ("_delete_messages_for_esm", "sqs:DeleteMessage", None),
    ):
        patch(sqs, name, _touch_if_allowed, action, roles, otherwise)
    patch(lambda_svc, "_emit_lambda_logs", _emit_if_allowed, roles)


def _may(
    roles: MiniStackRoles,
    role: str,
    action: str,
    resource: str,
    context: dict[str, Any] | None = None,
) -> bool:
    """With the keys that it takes."""
    if not roles.allows(role, action, resource, context or {}):
        return False
    service = action.partition(":")[0]
    via = {
        "kms:ViaService": f"{service}.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
    }
    needed = key_use.keys_needed(action, resource, {})
    return all(roles.allows(role, need.action, need.key, via) for need in needed)


def _execute_as(
    execute: Theirs[Any], state: Any, given: Any, execution: dict[str, Any], context: Any
) -> Any:
    machine = _machine(execution)
    token = _MACHINE_ROLE.set(machine["roleArn"])
    try:
        return execute(state, given, execution, context)
    finally:
        _MACHINE_ROLE.reset(token)


def _machine(execution: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stepfunctions._state_machines[machine_behind(execution)]
    return found


def _run_if_allowed(
    run: Theirs[Any],
    roles: MiniStackRoles,
    state: Any,
    given: Any,
    effective: Any,
    iterator: Any,
    execution: dict[str, Any],
    context: Any,
) -> Any:
    """A distributed map starts executions of its own machine.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    That page's rights to describe and to stop them are not asked for here: UNCONFIRMED when AWS does.
    """
    machine = _machine(execution)
    arn = machine["stateMachineArn"]
    if not _may(roles, machine["roleArn"], "states:StartExecution", arn):
        raise _denied(machine["roleArn"], "states:StartExecution", arn)
    return run(state, given, effective, iterator, execution, context)


def _denied(role: str, action: str, subject: str) -> Exception:
    """UNCONFIRMED name: which one a task without its permission fails with is not documented."""
    refused: Exception = stepfunctions._ExecutionError(
        f"{action.partition(':')[0].capitalize()}.AccessDeniedException",
        f"User: {role} is not authorized to perform: {action} on resource: {subject}",
    )
    return refused


def _invoke_if_allowed(
    invoke: Callable[..., Any], roles: MiniStackRoles, resource: str, given: Any, *more: Any
) -> Any:
    role = _MACHINE_ROLE.get()
    action, subject = task(resource, given)
    keys = keys_of(given) if action.startswith("dynamodb:") else {}
    if not _may(roles, role, action, subject, keys):
        raise _denied(role, action, subject)
    return invoke(resource, given, *more)


def task(resource: str, given: dict[str, Any]) -> Subject:
    """What a task asks for.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
    """
    kind = resource.removesuffix(CALLBACK).partition(":states:::")[2].removeprefix("aws-sdk:")
    match kind:
        case "lambda:invoke":
            _, config, name = lambda_svc._get_func_record_for_ref(given["FunctionName"])
            return "lambda:InvokeFunction", (config or {}).get("FunctionArn", name)
        case "sns:publish":
            return "sns:Publish", given["TopicArn"]
        case "dynamodb:updateItem" | "dynamodb:getItem":
            action = kind.removeprefix("dynamodb:")
            place = f"arn:aws:dynamodb:{get_region()}:{get_account_id()}"
            return (
                f"dynamodb:{action[0].upper()}{action[1:]}",
                f"{place}:table/{given['TableName']}",
            )
        case "sfn:startExecution":
            return "states:StartExecution", given["StateMachineArn"]
        case "sfn:sendTaskSuccess":
            return "states:SendTaskSuccess", machine_of(given["TaskToken"])
        case _:
            raise stepfunctions._ExecutionError(
                "States.Runtime", f"The emulator does not know which permission {resource} takes"
            )


def _touch_if_allowed(
    touch: Callable[..., Any],
    action: str,
    roles: MiniStackRoles,
    otherwise: Any,
    queue_url: str,
    *more: Any,
) -> Any:
    queue = sqs._get_q(queue_url)["attributes"]["QueueArn"]
    readers = {
        lambda_svc._functions[mapping["FunctionName"]]["config"]["Role"]
        for mapping in lambda_svc._esms.values()
        if mapping["EventSourceArn"] == queue
    }
    if all(_may(roles, role, action, queue) for role in readers):
        return touch(queue_url, *more)
    return otherwise


def _emit_if_allowed(
    emit: Theirs[None], roles: MiniStackRoles, function: dict[str, Any], *more: Any, **named: Any
) -> None:
    """Lambda writes nothing, and says nothing, without the permission.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-prereqs.html
    """
    config = function.get("config") or function
    group = (config.get("LoggingConfig") or {}).get("LogGroup")
    group = group or f"/aws/lambda/{config['FunctionName']}"
    place = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:new"
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    if all(_may(roles, config["Role"], action, place) for action in actions):
        emit(function, *more, **named)
