"""SQS: moving a dead-letter queue's messages back, which MiniStack refuses as an unknown action.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import json
import time
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import sqs

_TASKS: dict[str, list[dict[str, Any]]] = {}


def install() -> None:
    sqs._HANDLERS["StartMessageMoveTask"] = _start
    sqs._HANDLERS["ListMessageMoveTasks"] = _list


def _start(request: dict[str, Any], _url: str) -> dict[str, Any]:
    """At once, where AWS takes its time; a message goes where it came from, or where it is sent."""
    source = _queue(request["SourceArn"])
    if not _sources(request["SourceArn"]):
        raise sqs._Err(
            "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
        )
    now = time.time()
    moving = [each for each in source["messages"] if each["visible_at"] <= now]
    for message in moving:
        origin = message["sys"].get("DeadLetterQueueSourceArn")
        _deliver(message, _queue(request.get("DestinationArn") or origin or ""), now)
    source["messages"] = [each for each in source["messages"] if each not in moving]
    task = {
        "TaskHandle": new_uuid(),
        "Status": "COMPLETED",
        "ApproximateNumberOfMessagesMoved": len(moving),
        "ApproximateNumberOfMessagesToMove": len(moving),
        "StartedTimestamp": int(now * 1000),
    }
    given = {name: request[name] for name in ("SourceArn", "DestinationArn") if name in request}
    _TASKS.setdefault(request["SourceArn"], []).insert(0, task | given)
    return {"TaskHandle": task["TaskHandle"]}


def _list(request: dict[str, Any], _url: str) -> dict[str, Any]:
    tasks = _TASKS.get(request["SourceArn"], [])[: int(request.get("MaxResults", 1))]
    # A handle is shown while its task runs, to cancel it by.
    return {"Results": [{k: v for k, v in task.items() if k != "TaskHandle"} for task in tasks]}


def _deliver(message: dict[str, Any], queue: dict[str, Any], now: float) -> None:
    system = {k: v for k, v in message["sys"].items() if k != "DeadLetterQueueSourceArn"}
    fresh = {"sys": system, "receive_count": 0, "receipt_handle": None, "visible_at": now}
    queue["messages"].append({**message, **fresh})
    sqs.esm_wake.set()


def _queue(arn: str) -> dict[str, Any]:
    found: dict[str, Any] | None = sqs._queue_by_arn(arn)
    if found is None:
        raise sqs._Err(
            "ResourceNotFoundException",
            "The resource that you specified for the "
            "SourceArn or DestinationArn parameter doesn't exist.",
            404,
        )
    return found


def _sources(dead_letter_arn: str) -> list[dict[str, Any]]:
    policies = [(each, each["attributes"].get("RedrivePolicy")) for each in sqs._queues.values()]
    return [
        queue
        for queue, policy in policies
        if policy and json.loads(policy).get("deadLetterTargetArn") == dead_letter_arn
    ]
