"""Step Functions: how long a history, a payload and an execution may be.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html
"""

import json
import threading
from datetime import datetime
from typing import Any

from ministack.core.responses import now_iso, request_scope
from ministack.services import sns, stepfunctions

from emulator.clock import Clock
from emulator.extensions.patching import Theirs, patch

EVENTS = 25_000
PAYLOAD = 262_144
"""Bytes of a state's input or output."""
YEAR = 365 * 24 * 3600
UNSCALED = 60
"""Seconds that an execution has at least: what is computed here is not scaled as its waits are."""
_PERIOD_SECONDS = 1.0
SUBJECT = 100
"""Characters. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
CountedExecution = dict[str, Any]


def install(clock: Clock) -> None:
    patch(stepfunctions, "_add_event", _add_within_quota)
    patch(sns, "_publish", _publish_if_short)
    watch = threading.Thread(target=_end_overdue, args=(clock,), name="executions", daemon=True)
    watch.start()


class HistoryFullError(Exception):
    """MiniStack fails an execution with States.Runtime for it, whatever the machine catches."""


def _add_within_quota(
    add: Theirs[Any], execution: CountedExecution, kind: str, details: dict[str, Any] | None = None
) -> Any:
    ends = kind.startswith("Execution")
    if len(execution["events"]) >= EVENTS - 1 and not ends:
        raise HistoryFullError(
            f"The execution reached the maximum number of history events ({EVENTS})."
        )
    for each in (details or {}).values():
        if isinstance(each, dict) and not ends:
            _check_payload(kind, each)
    return add(execution, kind, details)


def _check_payload(kind: str, details: dict[str, Any]) -> None:
    for member in ("input", "output"):
        text = details.get(member)
        if isinstance(text, str) and len(text.encode()) > PAYLOAD:
            raise stepfunctions._ExecutionError(
                "States.DataLimitExceeded",
                f"The state '{details.get('name', kind)}' has an {member} with a size exceeding the "
                "maximum number of bytes service limit.",
            )


def _end_overdue(clock: Clock) -> None:
    pause = threading.Event()
    while not pause.wait(_PERIOD_SECONDS):
        for (account, region, _), execution in list(stepfunctions._executions.all_items()):
            if execution["status"] == "RUNNING":
                with request_scope(account, region):
                    if clock.now() > _deadline(execution):
                        _time_out(execution)


def _deadline(execution: CountedExecution) -> float:
    """Seconds since the epoch. MiniStack knows no TimeoutSeconds of a machine."""
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    definition = machine.get("definition") or "{}"
    wanted = json.loads(definition).get("TimeoutSeconds", YEAR)
    seconds: float = min(float(wanted), YEAR) * stepfunctions._SFN_WAIT_SCALE
    began = datetime.fromisoformat(str(execution["startDate"]))
    return began.timestamp() + max(seconds, UNSCALED)


def _time_out(execution: CountedExecution) -> None:
    execution["status"] = "TIMED_OUT"
    execution["stopDate"] = now_iso()
    details = {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
    stepfunctions._add_event(execution, "ExecutionTimedOut", details)
    stepfunctions._emit_execution_status_event(execution)


def _publish_if_short(publish: Theirs[Any], params: dict[str, Any]) -> Any:
    subject = sns._p(params, "Subject")
    if subject and len(subject) > SUBJECT:
        return sns._error("InvalidParameter", "Invalid parameter: Subject", 400)
    return publish(params)
