"""What one service sends to another: the resource and its key must let that service in.

EventBridge to queues and topics, topics to queues, alarms to topics. What may not be delivered is
dropped, and goes to the target's dead-letter queue where there is one.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id
from ministack.services import cloudwatch, eventbridge, sns, sqs

from emulator.extensions.patching import Theirs, patch
from emulator.extensions.service_access import allows, key_lets

EVENTS, TOPICS, ALARMS = "events.amazonaws.com", "sns.amazonaws.com", "cloudwatch.amazonaws.com"
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def install() -> None:
    patch(eventbridge, "_invoke_target", _invoke_if_allowed)
    patch(sns, "_deliver_to_sqs", _deliver_if_allowed)
    patch(cloudwatch, "_dispatch_alarm_actions", _dispatch_what_is_allowed)


def _invoke_if_allowed(
    invoke: Theirs[None], target: dict[str, Any], event: Any, rule: dict[str, Any], *more: Any
) -> None:
    if _rule_may(rule["Arn"], target.get("Arn", "")):
        invoke(target, event, rule, *more)
        return
    buried = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    if buried and _rule_may(rule["Arn"], buried):
        invoke({"Id": target.get("Id"), "Arn": buried}, event, rule, *more)


def _rule_may(rule: str, arn: str) -> bool:
    source = {"aws:sourcearn": rule, "aws:sourceaccount": get_account_id()}
    if ":sqs:" in arn:
        attributes = (sqs._queue_by_arn(arn) or {}).get("attributes", {})
        sends = allows(attributes.get("Policy"), EVENTS, "sqs:SendMessage", arn, source)
        return sends and key_lets(attributes.get("KmsMasterKeyId"), EVENTS, source)
    if ":sns:" in arn:
        attributes = (sns._topics.get(arn) or {}).get("attributes", {})
        publishes = allows(attributes.get("Policy"), EVENTS, "sns:Publish", arn, source)
        # The key is given no source: aws/aws-cdk#33169, #20804.
        return publishes and key_lets(attributes.get("KmsMasterKeyId"), EVENTS, {})
    return True


def _deliver_if_allowed(
    deliver: Theirs[None], endpoint: str, *arguments: Any, **named: Any
) -> None:
    """The queue's policy is asked by MiniStack."""
    attributes = (sqs._queue_by_arn(endpoint) or {}).get("attributes", {})
    topic = str(named.get("topic_arn", ""))
    source = (
        {"aws:sourcearn": topic, "aws:sourceaccount": parse_arn(topic).account_id} if topic else {}
    )
    if key_lets(attributes.get("KmsMasterKeyId"), TOPICS, source):
        deliver(endpoint, *arguments, **named)


def _dispatch_what_is_allowed(dispatch: Theirs[None], alarm: dict[str, Any], *more: Any) -> None:
    allowed = {
        kind: [arn for arn in alarm.get(kind) or [] if _alarm_may(alarm, arn)] for kind in ACTIONS
    }
    dispatch({**alarm, **allowed}, *more)


def _alarm_may(alarm: dict[str, Any], arn: str) -> bool:
    if ":sns:" not in arn:
        return True
    attributes = (sns._topics.get(arn) or {}).get("attributes", {})
    own = str(alarm.get("AlarmArn", ""))
    source = {"aws:sourcearn": own, "aws:sourceaccount": get_account_id()}
    return key_lets(attributes.get("KmsMasterKeyId"), ALARMS, source)
