"""What could not be received, put aside in a queue of its own."""

from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client


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

    def _attributes(self, url: str) -> dict[str, Any]:
        names = ["QueueArn", "ApproximateNumberOfMessages"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        attributes: dict[str, Any] = found["Attributes"]
        return attributes
