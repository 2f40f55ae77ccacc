"""CloudWatch: the metrics that alarms on queues and state machines need, and the alarms' actions.

MiniStack publishes no AWS/SQS and no AWS/States metric, and evaluates an alarm over every series
of that metric's name whatever its dimensions: any queue would set off the alarm of the
dead-letter queue.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html

To a client of the Query protocol, such as an older SDK, it describes an alarm without its actions.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
"""

import re
import threading
import time
import types
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs, stepfunctions

from emulator.extensions.patching import Theirs, patch

_PERIOD_SECONDS = 2.0
"""AWS publishes these once a minute; a person watching a laptop should not wait so long."""

_OUTCOMES = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


_MISSING = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}


def install() -> None:
    patch(cloudwatch, "_evaluate_alarm", _evaluate_own_series)
    patch(cloudwatch, "_describe_alarms", _describe_with_actions)
    threading.Thread(target=_publish_for_ever, name="metrics", daemon=True).start()


def _evaluate_own_series(evaluate: Theirs[None], alarm: dict[str, Any]) -> None:
    named = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
    wanted = cloudwatch._dims_key(named)
    seen = {key: points for key, points in cloudwatch._metrics.items() if key[2] == wanted}
    wanted_here = (alarm.get("Namespace"), alarm.get("MetricName"))
    since = time.time() - alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1)
    here = (points for key, points in seen.items() if key[:2] == wanted_here)
    if not any(point["Timestamp"] >= since for points in here for point in points):
        _treat_missing(alarm)
        return
    # The original, looking at these series only.
    types.FunctionType(evaluate.__code__, {**vars(cloudwatch), "_metrics": seen})(alarm)


def _treat_missing(alarm: dict[str, Any]) -> None:
    """Until the first datum, and when there are none any more; of metrics that the emulator publishes: those
    of AWS's own namespaces.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    state = _MISSING.get(str(alarm.get("TreatMissingData") or "missing"))
    old = alarm["StateValue"]
    if state is None or state == old or not str(alarm.get("Namespace")).startswith("AWS/"):
        return
    reason = f"no datapoints were received, and missing ones are treated as {state}"
    alarm |= {"StateValue": state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)


def _describe_with_actions(describe: Theirs[Any], *asked: Any, **named: Any) -> Any:
    status, headers, body = describe(*asked, **named)
    if headers["Content-Type"] == "application/xml":
        body = _ALARM.sub(_added_actions, body.decode()).encode()
    return status, headers, body


_ALARM = re.compile("<AlarmName>([^<]*)</AlarmName>")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def _added_actions(name: re.Match[str]) -> str:
    alarm = cloudwatch._alarms.get(name[1])
    if alarm is None:
        return name[0]
    lists = [
        f"<{kind}>{''.join(f'<member>{escape(arn)}</member>' for arn in alarm.get(kind, []))}</{kind}>"
        for kind in _ACTIONS
    ]
    enabled = str(alarm.get("ActionsEnabled", True)).lower()
    return f"{name[0]}<ActionsEnabled>{enabled}</ActionsEnabled>{''.join(lists)}"


def _publish_for_ever() -> None:
    pause = threading.Event()
    reported: set[str] = set()
    while not pause.wait(_PERIOD_SECONDS):
        for account, region in {key[:2] for key, _ in list(cloudwatch._alarms.all_items())}:
            with request_scope(account, region):
                cloudwatch._evaluate_all_alarms()
        for (account, region, _), queue in list(sqs._queues.all_items()):
            with request_scope(account, region):
                _publish("AWS/SQS", {"QueueName": queue["name"]}, _depths(queue))
        for (account, region, arn), execution in list(stepfunctions._executions.all_items()):
            if execution["status"] in _OUTCOMES and arn not in reported:
                reported.add(arn)
                outcome = {_OUTCOMES[execution["status"]]: 1}
                machine = {"StateMachineArn": execution["stateMachineArn"]}
                with request_scope(account, region):
                    _publish("AWS/States", machine, iter(outcome.items()))


def _depths(queue: dict[str, Any]) -> Iterator[tuple[str, int]]:
    now = time.time()
    messages = list(queue["messages"])
    visible = sum(each.get("visible_at", 0) <= now for each in messages)
    yield "ApproximateNumberOfMessagesVisible", visible
    yield "ApproximateNumberOfMessagesNotVisible", len(messages) - visible


def _publish(namespace: str, named: dict[str, str], values: Iterator[tuple[str, int]]) -> None:
    for metric, value in values:
        cloudwatch.record_metric(namespace, metric, value, "Count", named)
    cloudwatch._evaluate_all_alarms()
