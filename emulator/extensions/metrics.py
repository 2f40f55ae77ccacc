"""CloudWatch: the queue metrics an alarm on a dead-letter queue needs.

MiniStack publishes no AWS/SQS metric, and evaluates an alarm over every series of that metric's
name whatever its dimensions: any queue would set off the alarm of the dead-letter queue.
"""

import contextvars
import logging
import threading
import time
import types
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudwatch, sqs

PERIOD_SECONDS = 2.0
"""AWS publishes these once a minute; a person watching a laptop should not wait so long."""

LOG = logging.getLogger("emulator.metrics")


def install() -> None:
    evaluate = cloudwatch._evaluate_alarm

    def evaluate_by_dimensions(alarm: dict[str, Any]) -> None:
        wanted = cloudwatch._dims_key(
            {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
        )
        seen = {key: points for key, points in cloudwatch._metrics.items() if key[2] == wanted}
        # The original, looking at these series only.
        types.FunctionType(evaluate.__code__, {**vars(cloudwatch), "_metrics": seen})(alarm)

    cloudwatch._evaluate_alarm = evaluate_by_dimensions
    threading.Thread(target=_publish_for_ever, name="queue-metrics", daemon=True).start()


def _publish_for_ever() -> None:
    pause = threading.Event()
    while not pause.wait(PERIOD_SECONDS):
        for (account, region, *_), queue in list(sqs._queues.all_items()):
            contextvars.copy_context().run(_publish, queue, account, region)


def _publish(queue: dict[str, Any], account: str, region: str) -> None:
    set_request_account_id(account)
    set_request_region(region)
    now = time.time()
    messages = list(queue["messages"])
    visible = [each for each in messages if each.get("visible_at", 0) <= now]
    for metric, value in (
        ("ApproximateNumberOfMessagesVisible", len(visible)),
        ("ApproximateNumberOfMessagesNotVisible", len(messages) - len(visible)),
    ):
        cloudwatch.record_metric("AWS/SQS", metric, value, "Count", {"QueueName": queue["name"]})
    cloudwatch._evaluate_all_alarms()
