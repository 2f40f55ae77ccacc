"""What could not be received, put aside in a queue of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client

_READING_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    url: str
    queue_url: str
    """Where they came from."""
    client: Clients = client

    def count(self) -> int:
        """About how many there are."""
        return int(self._attributes(self.url)["ApproximateNumberOfMessages"])

    def redrive(self) -> int:
        """Send them back, to be received once more. Returns about how many there are.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        """
        dead = self._attributes(self.url)
        if number := int(dead["ApproximateNumberOfMessages"]):
            self.client("sqs").start_message_move_task(
                SourceArn=dead["QueueArn"],
                DestinationArn=self._attributes(self.queue_url)["QueueArn"],
            )
        return number

    def waiting(self) -> int:
        """About how many messages the queue holds, those that are being received included."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self._attributes(self.queue_url, *names)
        return sum(int(found[name]) for name in names)

    def about(self, key: str, version_id: str) -> int:
        """How many dead letters are about that version of an object. They stay where they are: each is
        received, and seen again by others after as many seconds as reading them may take.
        """
        seen: set[str] = set()
        return sum(_is_about(body, key, version_id) for body in self._bodies(seen))

    def _bodies(self, seen: set[str]) -> Iterator[str]:
        """Of every message once, until a receipt brings nothing that is new."""
        sqs = self.client("sqs")
        while True:
            found = sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_READING_SECONDS,
                WaitTimeSeconds=1,  # asks every server of the queue
            ).get("Messages", [])
            new = [message for message in found if message["MessageId"] not in seen]
            if not new:
                return
            seen.update(message["MessageId"] for message in new)
            yield from (message["Body"] for message in new)

    def _attributes(self, url: str, *more: str) -> dict[str, Any]:
        names = list(dict.fromkeys(("QueueArn", "ApproximateNumberOfMessages", *more)))
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        attributes: dict[str, Any] = found["Attributes"]
        return attributes


def _is_about(body: str, key: str, version_id: str) -> bool:
    """What is not JSON, or no event of S3, is about no object."""
    try:
        found = json.loads(body)["detail"]["object"]
        return bool(found["key"] == key and found["version-id"] == version_id)
    except (ValueError, KeyError, TypeError):
        return False
