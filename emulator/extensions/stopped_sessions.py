"""AgentCore Runtime: sessions are stopped, by callers with the right to do so; MiniStack knows neither.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-stop-session.html
"""

import asyncio
import re
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.core.responses import error_response_json
from ministack.services import bedrock_agentcore

from emulator.bedrock.api_errors import ApiError
from emulator.bedrock.requests import validate
from emulator.entrance import Response
from emulator.extensions.agent_processes import SESSION_HEADER, AgentProcesses
from emulator.extensions.patching import Theirs, patch

_STOP = re.compile(r"/runtimes/(.+)/stopruntimesession/?")


def install(processes: AgentProcesses) -> None:
    patch(iam_actions, "extract_iam_action", _action)
    # Of its resources; its endpoint is derived from it, and asked for as well. INFERRED from invoking, where both are.
    patch(iam_actions, "_agentcore_runtime_arn", _runtime)
    patch(bedrock_agentcore, "handle_request", _handle, processes)


def _stopped(path: str) -> str | None:
    """The ARN of the runtime of whose sessions this path stops one."""
    found = _STOP.fullmatch(unquote(path))
    return found[1] if found else None


def _action(
    action_of: Theirs[str | None], service: str, method: str, path: str, *more: Any
) -> str | None:
    if service == "bedrock-agentcore" and method == "POST" and _stopped(path):
        return "bedrock-agentcore:StopRuntimeSession"
    return action_of(service, method, path, *more)


def _runtime(runtime_of: Theirs[str | None], path: str) -> str | None:
    return _stopped(path) or runtime_of(path)


async def _handle(
    handle: Theirs[Any],
    processes: AgentProcesses,
    method: str,
    path: str,
    headers: dict[str, str],
    *more: Any,
) -> Any:
    runtime = _stopped(path) if method == "POST" else None
    if runtime is None:
        return await handle(method, path, headers, *more)
    return await asyncio.to_thread(_stop, processes, runtime, headers.get(SESSION_HEADER))


def _stop(processes: AgentProcesses, arn: str, session: str | None) -> Response:
    request = {"agentRuntimeArn": arn} | ({"runtimeSessionId": session} if session else {})
    try:
        validate("StopRuntimeSession", request, "bedrock-agentcore")
    except ApiError as refused:
        answer: Response = error_response_json(refused.code, refused.message, refused.status)
        return answer
    runtime, _, _ = bedrock_agentcore._find_runtime(arn)
    if runtime is None or not processes.stop(runtime["agentRuntimeId"], str(session)):
        # AWS's own example takes this error for a session that is not there or has ended; the text is INVENTED.
        why = f"There is no session {session} of {arn}, or it has ended."
        absent: Response = error_response_json("ResourceNotFoundException", why, 404)
        return absent
    return 200, {"Content-Type": "application/json", SESSION_HEADER: str(session)}, b"{}"
