"""The messages of a queue, each received apart: what one raises brings that one back, and no other."""

from collections.abc import Callable
from typing import Any

from lambdas.observe import logger


def receive_each(event: dict[str, Any], receive: Callable[[str], None]) -> dict[str, Any]:
    """Which messages failed; only those come again, for four hours, and then are put aside.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    """
    failed = []
    for record in event["Records"]:
        try:
            receive(record["body"])
        except Exception:  # noqa: BLE001 — one message must not take down the others; it comes again
            logger.exception("not received", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
