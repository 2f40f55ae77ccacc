"""DynamoDB and SQS: a write is made as a whole, though others write at that moment.

MiniStack answers programs in one thread, and state machines, mappings and rules in others. Two of them read an
item, each changed its copy, and the one that wrote first was forgotten; a message that arrived while another was
deleted was in the list that was thrown away. AWS serializes the writes of an item, and loses no message.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
"""

import inspect
import threading
from typing import Any

from ministack.services import dynamodb, eventbridge, lambda_svc, s3, sns, sqs

from emulator.extensions.patching import Theirs, patch

_ITEMS = (
    "_batch_write_item",
    "_delete_item",
    "_put_item",
    "_transact_write_items",
    "_update_item",
)
_MESSAGES = (
    (eventbridge, "_dispatch_to_sqs"),
    (lambda_svc, "_route_async_failure"),
    (s3, "_deliver_event_to_sqs"),
    (sns, "_deliver_to_sqs"),
    (sqs, "_act_send_message"),
    (sqs, "_collect_msgs"),
    (sqs, "_dlq_sweep"),
    (sqs, "_expire_retained"),
)


def install() -> None:
    items, messages = threading.RLock(), threading.RLock()
    for name in _ITEMS:
        patch(dynamodb, name, _act_alone, items)
    sqs._queues_lock = messages
    for module, name in _MESSAGES:
        patch(module, name, _act_alone, messages)
    for action, act in sqs._HANDLERS.items():
        if not inspect.iscoroutinefunction(act):  # what waits for messages holds no other up
            patch(sqs._HANDLERS, action, _act_alone, messages)


def _act_alone(act: Theirs[Any], lock: threading.RLock, *arguments: Any, **named: Any) -> Any:
    with lock:
        return act(*arguments, **named)
