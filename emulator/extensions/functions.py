"""Lambda: what MiniStack's CloudFormation drops of a function, and the names of its errors."""

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

UNNAMED = "Runtime.HandlerError"
DIED = "Runtime.ExitError"
"""Its name as seen in an execution: see tuning/constructs/steps.py."""
_GONE = ("Worker process exited immediately", "[Errno 32] Broken pipe")
_LAST_ERROR = threading.local()


def install() -> None:
    provisioning.after("AWS::Lambda::Function", _apply)
    for name in ("_create_function", "_update_config"):
        patch(lambda_svc, name, _make_if_it_has_none)
    _report_error_types()


def _make_if_it_has_none(make: Theirs[Any], *arguments: Any) -> Any:
    """MiniStack serves a custom runtime its events on a port of its own, which asks nobody for anything:
    a page or another user could take an event, and answer in the function's place.
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """
    if why := _refusal(arguments[-1].get("Runtime")):
        return error_response_json("InvalidParameterValueException", why, 400)
    return make(*arguments)


def _refusal(runtime: str | None) -> str | None:
    if not (runtime or "").startswith("provided"):
        return None
    return f"The emulator runs no custom runtime ({runtime}): use Python or Node.js here."


def _apply(name: str, properties: dict[str, Any]) -> None:
    """Describe calls, and the network keys of the function's own calls, rest on these."""
    function = lambda_svc._functions.get(name)
    if function is None:
        return
    shown = function["config"]
    if why := _refusal(properties.get("Runtime")):
        raise ValueError(why)
    network = properties.get("VpcConfig")
    for member, value in (
        ("VpcConfig", lambda_svc._vpc_config_with_id(network) if network else None),
        ("KMSKeyArn", properties.get("KmsKeyArn")),
        ("DeadLetterConfig", properties.get("DeadLetterConfig")),
        ("EphemeralStorage", properties.get("EphemeralStorage") or {"Size": 512}),
    ):
        if value:
            shown[member] = value
        else:
            shown.pop(member, None)
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)


def _report_error_types() -> None:
    """A failed invocation names the exception's class, which Retry and Catch are written against,
    and a process that died without one is a kind of its own.

    MiniStack calls every one of them Runtime.HandlerError.
    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    plain = '"error": str(e), "trace"'
    if plain not in lambda_runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError("MiniStack's worker script is not the one this patch was written for")
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(
        plain, '"error": str(e), "type": type(e).__name__, "trace"'
    )
    patch(lambda_runtime.Worker, "invoke", _invoke_and_remember)
    patch(lambda_svc, "_execute_function_warm", _execute_and_name)


def _invoke_and_remember(
    invoke: Theirs[dict[str, Any]], worker: Any, *arguments: Any, **named: Any
) -> dict[str, Any]:
    try:
        result = invoke(worker, *arguments, **named)
    except (
        RuntimeError,
        OSError,
    ) as error:  # for any, MiniStack ends all processes of the function
        result = _not_started(worker, error)
    _LAST_ERROR.type = result.get("type")
    return result


def _not_started(worker: Any, error: Exception) -> dict[str, Any]:
    """A process that does not start is one execution environment of a function; the others go on.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    process, worker._proc = worker._proc, None
    lambda_runtime._signal(process)
    died = str(error).startswith(_GONE)
    return {"status": "error", "error": str(error), "type": DIED if died else type(error).__name__}


def _execute_and_name(
    execute: Theirs[dict[str, Any]], *arguments: Any, **named: Any
) -> dict[str, Any]:
    _LAST_ERROR.type = None
    result = execute(*arguments, **named)
    body = result.get("body")
    if isinstance(body, dict) and result.get("error") and body.get("errorType") == UNNAMED:
        body["errorType"] = (
            _LAST_ERROR.type or DIED
        )  # an exception has a class: the process has none
    return result
