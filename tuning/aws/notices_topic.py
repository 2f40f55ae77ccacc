"""The topic that people are notified by."""

from dataclasses import dataclass

from tuning.aws.clients import Clients, client
from tuning.reports.visible_text import spelled

_LONGEST_SUBJECT = 99


@dataclass(frozen=True, kw_only=True)
class NoticesTopic:
    arn: str
    client: Clients = client

    def publish(self, subject: str, message: str) -> None:
        """One line each, whatever was written into them. A subject is ASCII, and of 100 characters:
        https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        """
        line = spelled(subject).encode("ascii", "backslashreplace").decode()[:_LONGEST_SUBJECT]
        self.client("sns").publish(TopicArn=self.arn, Subject=line, Message=spelled(message))
