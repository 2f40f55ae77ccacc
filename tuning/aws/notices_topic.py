"""The topic that people are notified by."""

from dataclasses import dataclass

from tuning.aws.clients import Clients, client
from tuning.reports.visible_text import LONGEST_SUBJECT, printable


@dataclass(frozen=True, kw_only=True)
class NoticesTopic:
    arn: str
    client: Clients = client

    def publish(self, subject: str, message: str) -> None:
        """One line each, whatever was written into them."""
        line = printable(subject).encode("ascii", "backslashreplace").decode()[:LONGEST_SUBJECT]
        self.client("sns").publish(TopicArn=self.arn, Subject=line, Message=printable(message))
